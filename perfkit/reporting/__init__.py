"""Everything made from one view of a judgement: REPORTS renders it as text, one module a format."""

from collections.abc import Callable
from importlib import import_module

from perfkit.reporting.build import build_view
from perfkit.reporting.view import View

__all__ = ["REPORTS", "View", "build_view"]


def _report(module: str) -> Callable[[View], str]:
    """The `render` of a format's module, imported only when it is used."""

    def render(view: View) -> str:
        return str(import_module(f"perfkit.reporting.{module}").render(view))

    return render


REPORTS: dict[str, Callable[[View], str]] = {
    "console": _report("console"),
    "md": _report("markdown"),
    "html": _report("html"),
    "junit": _report("junit"),
    "json": _report("json_report"),
    "github": _report("github"),
}
