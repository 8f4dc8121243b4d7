"""Placeholders in settings: `{port}`, `{root}`, `{tmp}` and a scenario's parameters.

Only a name in braces is a placeholder, so a JSON body such as `{"a": {"b": 1}}` is text. `{{name}}` is the text
`{name}`, and `{{{name}}}` the value in braces; braces around anything else are left as they are.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{\{([^\W\d]\w*)\}\}\}|\{\{([^\W\d]\w*)\}\}|\{([^\W\d]\w*)\}")


def fill(value: Any, names: Mapping[str, Any], *, keep: Collection[str] = ()) -> Any:
    """`value` (text, numbers, and tables and lists of them) with its placeholders filled from `names`.

    A text that is nothing but one placeholder becomes the value itself, so a number stays one. Keys of tables are not
    looked at. Names in `keep` stay for a later fill, and then so do the doubled braces. Raises ValueError for another.
    """
    if isinstance(value, str):
        return _fill_text(value, names, keep)
    if isinstance(value, Mapping):
        return {key: fill(inner, names, keep=keep) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fill(inner, names, keep=keep) for inner in value)
    return value


def _fill_text(text: str, names: Mapping[str, Any], keep: Collection[str]) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[3] in names:
        return names[whole[3]]

    def replaced(match: re.Match[str]) -> str:
        in_braces, doubled, plain = match.groups()
        if doubled:
            return match[0] if keep else f"{{{doubled}}}"
        name = in_braces or plain
        if name in names:
            return f"{{{names[name]}}}" if in_braces else str(names[name])
        if name in keep:
            return match[0]
        known = ", ".join(f"{{{known}}}" for known in sorted({*names, *keep}))
        raise ValueError(
            f"unknown placeholder {{{name}}} in {text!r}; known: {known}; for the text itself double the braces"
        )

    return _PLACEHOLDER.sub(replaced, text)
