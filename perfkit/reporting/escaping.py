"""Foreign text made harmless, one function a format."""

import re
import unicodedata

_GFM_SPECIAL = re.compile(r"([\\`*_\[\]#~$])")
_SPACE = re.compile(r"\s+")
_NAME_LENGTH = 120
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


def printable(text: str) -> str:
    """`text` without control, format (bidirectional overrides) and unpaired surrogate characters; line breaks stay."""
    return "".join(
        char for char in text if char in "\n\t\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    )


def one_line(text: str) -> str:
    """`text` printable and on one line."""
    return _SPACE.sub(" ", printable(text.replace("\r", "\n"))).strip()


def shortened(text: str, length: int = _NAME_LENGTH) -> str:
    """`text` on one line and at most `length` characters long, its middle left out."""
    line = one_line(text)
    if len(line) <= length:
        return line
    head = (length - 1) * 2 // 3
    return f"{line[:head]}…{line[-(length - 1 - head) :]}"


def gfm(text: str) -> str:
    """`text` for GitHub Markdown, after the start of a line: nothing in it is markup, a mention, a link or a tag."""
    escaped = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _GFM_SPECIAL.sub(r"\\\1", escaped).replace("|", "&#124;")
    # Mentions and bare links are found after entities are read, so an empty comment has to part them.
    return escaped.replace("@", "@<!-- -->").replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")


def gfm_code(text: str) -> str:
    """`text` set as code; as an element where a code span would need escapes that tables read differently."""
    line = one_line(text)
    plain = line and not any(char in line for char in "`|\\<>&")
    return f"`{line}`" if plain else f"<code>{gfm(line)}</code>"


def xml(text: str) -> str:
    """`text` for an XML attribute or element; characters that XML 1.0 forbids are left out."""
    kept = "".join(char for char in printable(text) if char < "\ufffe" or char > "\uffff")
    return "".join(_ENTITIES.get(char, char) for char in kept)


def command_data(text: str) -> str:
    """`text` as the message of a GitHub workflow command."""
    return printable(text.replace("\r", "\n")).replace("%", "%25").replace("\n", "%0A")


def command_property(text: str) -> str:
    """`text` as a property (file, title) of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
