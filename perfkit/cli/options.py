"""Options that several verbs share, and how they become a request."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perfkit.model.errors import PerfkitError, UsageError

if TYPE_CHECKING:
    from perfkit.usecases.request import Request


class Format(StrEnum):
    """What stdout gets."""

    TABLE = "table"
    JSON = "json"


class Server(StrEnum):
    """Which audio server scenarios use that leave it open."""

    PIPEWIRE = "pipewire"
    JACK = "jack"
    RUNNING = "running"
    VIRTUAL = "virtual"


def completed_names(incomplete: str) -> list[str]:
    """Names and ids of the project's benchmarks, for the shell's completion."""
    from perfkit.loading.selecting import Selection
    from perfkit.usecases.request import load

    try:
        benchmarks = load(here(), Selection())
    except PerfkitError:
        return []
    names = dict.fromkeys(name for each in benchmarks for name in (each.scenario, each.id))
    return [name for name in names if name.startswith(incomplete)]


def completed_runs(incomplete: str) -> list[str]:
    """Ids of the project's runs, newest first, for the shell's completion."""
    from perfkit.loading.config import read_config

    reports = read_config(here()).root / "reports"
    return sorted((folder.name for folder in reports.glob(f"{incomplete}*/")), reverse=True)


Select = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...",
        help="A file, file::name, name or name\\[param=value]; all by default.",
        autocompletion=completed_names,
    ),
]
Keyword = Annotated[str, typer.Option("-k", metavar="EXPR", help="Only ids that match, such as 'load and not 32'.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Only scenarios with this tag; repeatable.")
]
Output = Annotated[Format, typer.Option("--format", help="What is printed on stdout.")]
Once = Annotated[bool, typer.Option("--once", help="One launch each, to prove that every scenario works.")]
Quick = Annotated[bool, typer.Option("--quick", help="Five launches each, the fewest that can be compared.")]
Thorough = Annotated[bool, typer.Option("--thorough", help="Fifteen launches or more each, intervals within ±1 %.")]
Processes = Annotated[
    int | None, typer.Option("--processes", min=1, max=10_000, help="Exactly this many launches of each.")
]
MaxTime = Annotated[
    str,
    typer.Option(
        "--max-time",
        metavar="TIME",
        help="End measuring after this time, such as 90s or 5min; where a gate looks again, it has as much once more.",
    ),
]
AudioServer = Annotated[
    Server | None,
    typer.Option("--server", help="The audio server for scenarios that leave it open: a private one, or yours."),
]
Wait = Annotated[
    str,
    typer.Option("--wait", metavar="TIME", help="Wait so long for another run on this machine to end, such as 10min."),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the order and of every launch.")]
Reports = Annotated[
    str,
    typer.Option("--report", metavar="FORMATS", help="Reports to write: md,html,junit,json,github; 'none' for none."),
]
Resume = Annotated[
    str, typer.Option("--resume", metavar="ID", help="Go on with an interrupted run: its id, or 'last'.")
]


def request(context: typer.Context) -> "Request":
    """What the options of a measuring verb mean; with --resume those that the run was begun with.

    Raises UsageError where they contradict each other.
    """
    from perfkit.loading.config import read_config
    from perfkit.loading.selecting import Selection
    from perfkit.running import plan as plans
    from perfkit.usecases.request import Against, Request

    config, given = read_config(here()), asked(context)
    resume = context.params["resume"]
    chosen = [name for name in ("once", "quick", "thorough", "processes") if given.get(name)]
    if len(chosen) > 1:
        raise UsageError(
            f"{' and '.join(f'--{name}' for name in chosen)} contradict each other", hint="give one of them"
        )
    _refuse(given, chosen)
    against = Against(given["against"], given["exact"], given["in_place"]) if given.get("against") else None
    drawn = plans.draw_seed() if given["seed"] is None else given["seed"]
    plan = plans.default(drawn, config.tables.run.precision)
    if given.get("once"):
        plan = plans.once(drawn)
    elif given["quick"]:
        plan = plans.quick(drawn)
    elif given["thorough"]:
        plan = plans.thorough(drawn)
    elif given["processes"]:
        plan = plans.exactly(drawn, given["processes"])
    limit = seconds("--max-time", given["max_time"]) if given["max_time"] else config.tables.run.max_time
    words, tags = tuple(given["select"] or ()), tuple(given["tag"] or ())
    selection = Selection(words, given["keyword"], tags, given["server"] or "")
    plan = plans.limited(plan, limit) if limit else plan
    wait = seconds("--wait", given["wait"]) if given["wait"] else 0.0
    pairs = given.get("pairs", True) and not given["quick"]
    return Request(config, here(), selection, plan, context.obj, resume, against, wait, pairs)


def _refuse(given: dict[str, Any], chosen: list[str]) -> None:
    """Raises UsageError for options that need --against, or do not go with it."""
    if given.get("against") == "":
        raise UsageError("--against is empty", hint="name a branch, a tag or a commit, such as origin/main")
    if not given.get("against"):
        for name in (name for name in ("exact", "in_place") if given.get(name)):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} needs --against", hint=f"perfkit gate --against main {option}")
        return
    for name in (*chosen, *(name for name in ("baseline",) if given.get(name))):
        hint = "pairs are measured until each budget is decided; --max-time bounds that"
        raise UsageError(f"--{name} and --against contradict each other", hint=hint)


def asked(context: typer.Context) -> dict[str, Any]:
    """The options of a measuring verb; with --resume those that the run was begun with, and those typed now."""
    resume = context.params["resume"]
    return _as_begun(context, resume) if resume else context.params


def _as_begun(context: typer.Context, resume: str) -> dict[str, Any]:
    """The options that an unfinished run was begun with, and those typed now.

    Raises UsageError if another verb began it.
    """
    from perfkit.usecases.request import begun_with

    verb, *typed = begun_with(here(), resume) or ("run",)
    if verb != context.info_name:
        raise UsageError(
            f"that run was begun by `perfkit {verb}`", hint=f"go on with: perfkit {verb} --resume {resume}"
        )
    begun = context.command.make_context(verb, typed).params
    return begun | {name: value for name, value in context.params.items() if _is_typed(context, name)}


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def formats(text: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """The report formats that `--report` names. Raises UsageError for an unknown one."""
    from perfkit.usecases.judged import FILES

    wanted = tuple(part.strip() for part in text.split(",")) if text else default
    if wanted == ("none",):
        return ()
    for name in wanted:
        if name not in FILES:
            raise UsageError(f"--report {name!r} is not a report", hint=f"reports: {', '.join(FILES)}")
    return wanted


def here() -> Path:
    """The folder that the command was typed in."""
    return Path.cwd()


def seconds(option: str, text: str) -> float:
    """The duration that an option was given. Raises UsageError that names it."""
    from perfkit.model.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint="write 90s or 5min") from None
