"""Starting what is in `worker/perfkit_audio/`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[1] / "worker" / "perfkit_audio"
_LOADING = (
    "import sys",
    "sys.path[:] = [path for path in sys.path if path]",
    "from importlib.util import module_from_spec, spec_from_file_location",
    f"spec = spec_from_file_location({_PACKAGE.name!r}, {str(_PACKAGE / '__init__.py')!r})",
    "sys.modules[spec.name] = module_from_spec(spec)",
    "spec.loader.exec_module(sys.modules[spec.name])",
)
"""Neither the package's folder nor the working one comes onto the module path."""


def command_of(name: str, request: Mapping[str, Any], *arguments: str, python: str = "") -> tuple[str, ...]:
    """The command of module `name` on perfkit's interpreter, or on `python`."""
    code = "; ".join((*_LOADING, f"from {_PACKAGE.name}.{name} import main", "main()"))
    return (python or sys.executable, "-c", code, json.dumps(request), *arguments)
