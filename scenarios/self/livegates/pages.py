"""A page whose tables are made anew."""

from pathlib import Path

BEGIN, END = "<!-- live: begin -->", "<!-- live: end -->"


def put_between_marks(path: Path, text: str) -> None:
    """Replace what stands between the two marks of a page; a page without them becomes the text."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    new = f"{before}{BEGIN}\n{text}\n{END}{after}" if begin and end else f"{text}\n"
    path.write_text(new, encoding="utf-8")
