"""Probes that others bring: entry points `perfkit.probes`, and files in a `probes` folder beside the scenarios."""

from collections.abc import Iterable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from perfkit.model.errors import UsageError
from perfkit.probes import REGISTRY, load_file

PROBES = "perfkit.probes"
SCENARIOS = "perfkit.scenarios"


def register_probes(folders: Iterable[Path]) -> dict[str, str]:
    """Add every plugin's probes to the registry and return them as kind → where (`module:Class` or `file.py:Class`).

    `folders` are scenario folders; files in their `probes` folder are run. Raises UsageError for a file that cannot be
    loaded, has no probe, or takes a kind that exists.
    """
    found = {point.name: point.value for point in entry_points(group=PROBES)}
    for file in (file for folder in folders for file in sorted((folder / "probes").glob("*.py"))):
        for kind, name in _probes_in(file).items():
            where = f"{file}:{name}"
            if found.get(kind, REGISTRY.get(kind, where)) != where:
                raise UsageError(f"{file}: the probe kind {kind!r} exists already", hint="give its class another kind")
            found[kind] = where
    REGISTRY.update(found)
    return found


def scenario_folders() -> list[Path]:
    """The folders of scenario files that installed packages publish under the entry-point group."""
    folders = []
    for point in entry_points(group=SCENARIOS):
        spec = find_spec(point.module)
        if spec is None or not spec.submodule_search_locations:
            raise UsageError(
                f"the entry point {point.name!r} of {SCENARIOS} names {point.value!r}: not an installed package",
                hint="reinstall or remove the distribution that declares it",
            )
        folders += [Path(location) for location in spec.submodule_search_locations]
    return folders


def _probes_in(file: Path) -> dict[str, str]:
    module = load_file(file)
    own = {name: value for name, value in vars(module).items() if isinstance(value, type)}
    kinds = {
        str(kind): name
        for name, value in own.items()
        if value.__module__ == module.__name__ and isinstance(kind := getattr(value, "kind", None), str)
    }
    if not kinds:
        raise UsageError(
            f"{file}: has no probe", hint="a probe is a frozen dataclass with `kind`, `metrics` and `measure`"
        )
    return kinds
