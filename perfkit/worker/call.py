"""Describes scenario files and times their functions, inside the measured side's own interpreter (Python >= 3.9).

    call.py describe FILE --root ROOT --out OUT     what FILE declares
    call.py run      FILE --root ROOT --out OUT --function NAME --params JSON --seed N --min-time S --warmup S

The answer is one JSON object in the file OUT, so that nothing a scenario prints can disturb it. A scenario that raises
gives `{"error": {type, message, line, file}}` there. Run by path; it needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
DECLARING = os.path.join(os.path.dirname(HERE), "declaring.py")
TIMING = os.path.join(HERE, "timing.py")


def main() -> int:
    """Answer one request. Returns 0 if the answer is no error."""
    options = arguments()
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != HERE]
    sys.path[:0] = [os.path.dirname(os.path.abspath(options.file)), options.root]
    stand_in()
    try:
        answer = describe(options) if options.action == "describe" else run(options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a scenario may raise anything, SystemExit too
        answer = {"error": told(error, options)}
    with open(options.out, "w", encoding="utf-8") as out:
        json.dump(answer, out)
    return 1 if "error" in answer else 0


def arguments() -> argparse.Namespace:
    """The request from the command line."""
    parser = argparse.ArgumentParser(description="perfkit's worker for scenario files in Python")
    parser.add_argument("action", choices=["describe", "run"])
    parser.add_argument("file")
    parser.add_argument("--root", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--function", default="")
    parser.add_argument("--params", type=json.loads, default={})
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--min-time", type=float, default=0.5)
    parser.add_argument("--warmup", type=float, default=0.1)
    return parser.parse_args()


def stand_in() -> None:
    """Make `perfkit` the declarations alone; its submodules stay those that this interpreter has installed, if any."""
    installed = importlib.util.find_spec("perfkit")
    module = by_path("perfkit", DECLARING)
    if installed is not None and installed.submodule_search_locations:
        module.__path__ = list(installed.submodule_search_locations)


def load(path: str) -> ModuleType:
    """The scenario file as a module."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return by_path(stem if stem.isidentifier() and stem not in sys.modules else "scenario_" + stem, path)


def by_path(name: str, path: str) -> ModuleType:
    """The file `path`, imported as `name`."""
    spec = importlib.util.spec_from_file_location(name, os.path.abspath(path))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def describe(options: argparse.Namespace) -> dict[str, Any]:
    """Every declaration under a public name of the file, in the order written."""
    module = load(options.file)
    kind = sys.modules["perfkit"].Declared
    scenarios = []
    for name, value in vars(module).items():
        declared = value if isinstance(value, kind) else getattr(value, "__perfkit__", None)
        imported = declared is not value and getattr(value, "__module__", "") != module.__name__
        if isinstance(declared, kind) and not imported and not name.startswith("_"):
            plain = declared.plain(name)
            scenarios.append({**plain, "settings": within(plain["settings"], options.root)})
    return {"scenarios": scenarios}


def within(settings: dict[str, Any], root: str) -> dict[str, Any]:
    """Settings whose scenario file is named from the side's root, so that both sides of a comparison share them."""
    own = os.path.join(os.path.realpath(root), "")
    named = {}
    for key in ("file", "body"):
        if isinstance(settings.get(key), str):
            folder, name = os.path.split(settings[key])
            path = os.path.join(os.path.realpath(folder), name)
            named[key] = path[len(own) :].replace(os.sep, "/") if path.startswith(own) else settings[key]
    return {**settings, **named}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """One launch of one body. Raises what the scenario raises."""
    timing = by_path("perfkit_timing", TIMING)
    random.seed(options.seed)
    function = getattr(load(options.file), options.function)
    answer: dict[str, Any] = timing.launch(function, options.params, options.min_time, options.warmup)
    return answer


def told(error: BaseException, options: argparse.Namespace) -> dict[str, Any]:
    """An exception in words, with the last line of the scenario file that it passed through, else the function's."""
    path, lines, frame = os.path.abspath(options.file), [], error.__traceback__
    while frame is not None:
        if os.path.abspath(frame.tb_frame.f_code.co_filename) == path:
            lines.append(frame.tb_lineno)
        frame = frame.tb_next
    if isinstance(error, SyntaxError) and error.filename and os.path.abspath(error.filename) == path:
        lines.append(error.lineno or 1)
    line = lines[-1] if lines else first_line(path, options.function)
    return {"type": type(error).__name__, "message": str(error), "line": line, "file": path}


def first_line(path: str, name: str) -> int:
    """Where the function `name` is written in the file, by its text: it may never have been loaded. 1 if it is not."""
    import ast  # only to say where: importing it would count as memory of every body

    with suppress(OSError, SyntaxError, ValueError):
        with open(path, "rb") as file:
            written = ast.parse(file.read()).body
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        found = [node.lineno for node in written if isinstance(node, functions) and node.name == name]
        return found[-1] if found else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
