"""What a decoder refused, told by the setting's own annotation: the key, what it may be, and what stands there."""

import difflib
import re
import shlex
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from json import dumps
from types import NoneType, UnionType
from typing import Any, Literal

import msgspec

from perfkit.model.errors import UsageError
from perfkit.model.units import ByteSize, Duration

_PART = re.compile(r"\.([^.\[]+)|\[([^\]]+)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_LENGTH = re.compile(r"Expected `array` of (.+), got (\d+)")
_WANTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Duration: "a duration such as '10 s'",
    ByteSize: "an amount such as '100 MB'",
}
_COMMANDS = ("command", "drive", "prepare")


def refusal(
    error: msgspec.ValidationError, cls: type[Any], settings: Any, convert: Callable[[Any, Any], Any]
) -> UsageError:
    """The error to show for what `convert` said of `settings`, which were to become a `cls`."""
    text, _, where = str(error).partition(" - at `$")
    path, hint, value = _found(where.rstrip("`"), cls, settings, convert)
    if missing := _MISSING.fullmatch(text):
        inner = _field(hint, missing[1])
        return UsageError(f"`{f'{path}.' if path else ''}{missing[1]}` is missing", hint=f"it is {_wanted(inner)}")
    if wrong := _LENGTH.fullmatch(text):
        return UsageError(f"`{path}` must be a list of {wrong[1]}, not of {wrong[2]}")
    if text.startswith(("Invalid enum value", "Expected `")):
        return _mistyped(path, hint, value)
    return UsageError(text if not path or text.startswith((path, f"`{path}")) else f"`{path}`: {text}")


def _mistyped(path: str, hint: Any, value: Any) -> UsageError:
    name = path.rpartition(".")[2]
    if name in _COMMANDS and isinstance(value, str):
        words = dumps(_words(value) or ["./server", "--port"], ensure_ascii=False)
        return UsageError(f"`{path}` must be a list, such as {words}: a shell is never used")
    if name == "tcp":
        return UsageError(f'`{path}` must be a port number or "{{port}}", not {_shown(value)}')
    near = difflib.get_close_matches(value, _choices(hint), n=1) if isinstance(value, str) else []
    return UsageError(
        f"`{path}` must be {_wanted(hint)}, not {_shown(value)}", hint=f"did you mean {near[0]!r}?" if near else ""
    )


def _found(where: str, hint: Any, value: Any, convert: Callable[[Any, Any], Any]) -> tuple[str, Any, Any]:
    """A decoder's path with the keys of tables that it leaves out, and the annotation and the value there."""
    path = ""
    for name, index in _PART.findall(where):
        if name:
            path += f".{name}"
            hint, value = _field(hint, name), value.get(name) if isinstance(value, Mapping) else None
        elif index == "...":
            hint = next((inner[1] for option in _options(hint) if len(inner := typing.get_args(option)) == 2), Any)
            key = next((key for key, inner in value.items() if _refused(inner, hint, convert)), index)
            path, value = f"{path}.{key}", value.get(key)
        else:
            path += f"[{index}]"
            hint, value = _element(hint, int(index)), value[int(index)]
    return path.lstrip("."), hint, value


def _refused(value: Any, hint: Any, convert: Callable[[Any, Any], Any]) -> bool:
    try:
        convert(value, hint)
    except msgspec.ValidationError:
        return True
    return False


def _field(hint: Any, name: str) -> Any:
    found = (typing.get_type_hints(option) for option in _options(hint) if _is_record(option))
    return next((hints[name] for hints in found if name in hints), Any)


def _element(hint: Any, index: int) -> Any:
    for option in _options(hint):
        if _is_list(option):
            inner = typing.get_args(option)
            return inner[index] if len(inner) > index and Ellipsis not in inner else inner[0]
    return Any


def _options(hint: Any) -> list[Any]:
    """What a value may be, apart from being left out."""
    if typing.get_origin(hint) in {typing.Union, UnionType}:
        return [option for option in typing.get_args(hint) if option is not NoneType]
    return [hint]


def _choices(hint: Any) -> list[str]:
    literals = [option for option in _options(hint) if typing.get_origin(option) is Literal]
    return [str(value) for option in literals for value in typing.get_args(option) if value != ""]


def _wanted(hint: Any) -> str:
    words = [word for option in _options(hint) for word in _said(option)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _said(option: Any) -> list[str]:
    if typing.get_origin(option) is Literal:
        return [repr(choice) for choice in _choices(option)]
    if _is_list(option):
        return ["a list"]
    return [_WANTED.get(option, "a table" if _is_table(option) else "another value")]


def _is_list(option: Any) -> bool:
    return typing.get_origin(option) in {tuple, list, Sequence}


def _is_table(option: Any) -> bool:
    return typing.get_origin(option) in {Mapping, dict} or _is_record(option)


def _is_record(option: Any) -> bool:
    return is_dataclass(option) or hasattr(option, "__struct_fields__")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list | tuple) else repr(value)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quotation mark is not closed
        return line.split()
