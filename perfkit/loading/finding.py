"""Every benchmark of a project: its scenario files found, read and expanded."""

from collections.abc import Iterable
from pathlib import Path

from perfkit.loading.config import Config
from perfkit.loading.declared import scenario_from
from perfkit.loading.describe import describe
from perfkit.loading.expanding import expand, on_server
from perfkit.loading.plugins import scenario_folders
from perfkit.loading.selecting import Selection, choose
from perfkit.loading.toml_files import read_scenarios
from perfkit.model.errors import UsageError
from perfkit.model.scenario import Benchmark, Scenario, Source


def find_benchmarks(config: Config, selection: Selection, start: Path, python: str) -> tuple[Benchmark, ...]:
    """The benchmarks that `selection` means, in the order of their files.

    `start` is the folder that paths on the command line are relative to, `python` the interpreter that describes
    scenario files in Python. Raises UsageError that names what is wrong and where.
    """
    named = selection.paths(start)
    only_paths = bool(selection.select) and len(named) == len(selection.select)
    if only_paths:
        places = tuple(inner for place in named for inner in _inside(place, config) or (place,))
    else:
        places = (*configured_places(config), *named, *selection.folders(start), *scenario_folders())
    files = list(dict.fromkeys(file for place in places for file in _files(place)))
    scenarios = [scenario for file in files for scenario in _read(file, config.root, python)]
    _refuse_duplicates(scenarios)
    benchmarks = tuple(benchmark for scenario in scenarios for benchmark in expand(scenario))
    if not benchmarks:
        looked = ", ".join(str(place) for place in places)
        raise UsageError(f"no scenarios in {looked}", hint="perfkit init writes a working example")
    chosen = choose(benchmarks, selection, start)
    if not selection.server:
        return chosen
    by_name = {scenario.name: scenario for scenario in scenarios}
    return tuple(on_server(by_name[one.scenario], one, selection.server) for one in chosen)


def configured_places(config: Config) -> tuple[Path, ...]:
    """The scenario folders and files of the configuration. Raises UsageError for one that does not exist."""
    places = tuple(config.root / name for name in config.tables.project.scenarios)
    for place in places:
        if not place.exists():
            hint = "perfkit init writes a working example; [project] scenarios names other folders"
            raise UsageError(f"{place}: there is no such scenario folder or file", hint=hint)
    return places


def _inside(place: Path, config: Config) -> tuple[Path, ...]:
    """The configured places within a folder."""
    return tuple(one for one in configured_places(config) if place in one.resolve().parents) if place.is_dir() else ()


def _files(place: Path) -> list[Path]:
    """A file itself; of a folder its TOML files and the Python files that import perfkit, without subfolders."""
    if place.is_file():
        return [place.resolve()]
    return [file.resolve() for file in sorted(place.iterdir()) if file.suffix == ".toml" or _imports_perfkit(file)]


def _imports_perfkit(file: Path) -> bool:
    if file.suffix != ".py" or not file.is_file():
        return False
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.startswith(("from perfkit", "import perfkit")) for line in lines)


def _read(file: Path, root: Path, python: str) -> Iterable[Scenario]:
    if file.suffix == ".toml":
        return read_scenarios(file)
    if file.suffix == ".py":
        found = describe(file, python, root)
        return [scenario_from(raw, Source(file, raw["name"], raw.get("line", 1))) for raw in found]
    raise UsageError(f"{file}: is neither a TOML nor a Python file", hint="scenario files end in .toml or .py")


def _refuse_duplicates(scenarios: Iterable[Scenario]) -> None:
    seen: dict[str, Source] = {}
    for scenario in scenarios:
        other = seen.setdefault(scenario.name, scenario.source)
        if other is not scenario.source:
            raise UsageError(
                f"{scenario.source.where}: the scenario {scenario.name!r} is also defined at {other.where}",
                hint="rename one of them: names are ids in baselines and reports",
            )
