"""Where an interpreter would import modules from, asked of itself without importing them."""

import json
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.errors import MeasurementError
from perfkit.running.sides.child import child
from perfkit.running.sides.own_modules import INCIDENTAL

_QUESTION = """
import importlib.util, json, os, sys, sysconfig
asked = json.loads(sys.argv[1])
if sys.path and sys.path[0] == "":
    sys.path[0] = asked["first"]
standard = os.path.realpath(sysconfig.get_path("stdlib"))

def within(path, folders):
    real = os.path.realpath(path)
    return any(real == folder or real.startswith(folder + os.sep) for folder in folders)

def foreign(path):
    return within(path, asked["foreign"]) and not within(path, asked["own"])

def listed(folder):
    for entry in os.listdir(folder):
        name = entry.partition(".")[0]
        package = os.path.isfile(os.path.join(folder, entry, "__init__.py"))
        if name.isidentifier() and (package or entry.endswith((".py", ".so", ".pyd"))):
            yield name

names = set(asked["names"])
for entry in sys.path:
    if os.path.isdir(entry) and foreign(entry) and "-packages" not in os.path.basename(entry):
        names.update(name for name in listed(entry) if name not in asked["incidental"])
for finder in list(sys.modules):
    mapping = getattr(sys.modules[finder], "MAPPING", None)
    if finder.startswith("__editable__") and isinstance(mapping, dict):
        names.update(name for name, path in mapping.items() if foreign(path))

found = {}
for name in sorted(names):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        continue
    if spec is None:
        continue
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    places = [os.path.realpath(place) for place in places if place]
    if places and not (within(places[0], [standard]) and "-packages" not in places[0]):
        found[name] = places
print()
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter as a launch would start it: with these options, folder and variables.

    `first` is what it puts before all else on its search path: the folder of the script, or the working folder.
    """

    path: str
    options: tuple[str, ...]
    first: Path
    cwd: Path
    env: Mapping[str, str]


def whence(
    python: Python, names: Collection[str], own: Collection[Path], foreign: Collection[Path], timeout: float = 60.0
) -> Mapping[str, tuple[Path, ...]]:
    """Module → the real paths it would be imported from (several for a namespace).

    Asked for are `names`, and the modules that the search path or the finder of an editable install offers from the
    folders `foreign` (but for those in `own`). What is not found, built in or of the standard library is left out.
    Raises MeasurementError if the interpreter cannot tell.
    """
    asked = {
        "names": sorted(names),
        "own": [str(folder) for folder in own],
        "foreign": [str(folder) for folder in foreign],
        "first": str(python.first),
        "incidental": sorted(INCIDENTAL),
    }
    out, complaint = _ask((python.path, *python.options, "-B", "-c", _QUESTION, json.dumps(asked)), python, timeout)
    try:
        found = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError):
        raise _mute(python, complaint) from None
    return {name: tuple(map(Path, places)) for name, places in found.items()}


def _ask(command: tuple[str, ...], python: Python, timeout: float) -> tuple[str, str]:
    try:
        with child(command, cwd=python.cwd, env=python.env) as process:
            out, complaint = process.communicate(timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _mute(python, str(error)) from None
    return out.decode("utf-8", "replace"), complaint.decode("utf-8", "replace")


def _mute(python: Python, complaint: str) -> MeasurementError:
    lines = complaint.strip().splitlines() or ["it says nothing"]
    return MeasurementError(
        f"{python.path} does not tell where it imports from: {lines[-1]}",
        hint="[project] python names the interpreter; it must be Python 3.9 or newer",
    )
