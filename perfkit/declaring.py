"""How authors declare scenarios in Python: `scenario`, `audio`, `Metrics`, when a program is ready.

perfkit itself never runs a scenario file. The measured side's interpreter does, and there this very file, loaded by its
path, is the module `perfkit`: so it keeps to the standard library and the syntax of Python 3.9, and its probes only
record their settings. In perfkit's own environment `perfkit/__init__.py` offers the same names with the real probes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from perfkit.model.launch import Ready
    from perfkit.model.launch import Stage as _Stage
    from perfkit.model.scenario import Probe

    _Function = TypeVar("_Function", bound=Callable[..., Any])
    _Options = tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None, Iterable[str], float | str | None]

__all__ = ["Declared", "File", "Http", "Metrics", "Notify", "Stage", "Stamp", "Stdout", "Tcp", "audio", "scenario"]

_KINDS = (
    "audio_capacity audio_deadline audio_latency audio_offline audio_quality call command cpu load memory size startup"
)
PROBES = {kind.title().replace("_", ""): kind for kind in _KINDS.split()}
"""What an author writes → the probe's kind, which is also its module's name."""

_STANDS_IN = __name__ == "perfkit"  # loaded by path, without the package

_OWN_ARGUMENT = 0x08  # code flag CO_VARKEYWORDS: the function takes any keyword


class Metrics(dict[str, float]):
    """What a body returns to report metrics of its own: `return Metrics(hits=hits)`, numbers in their base units.

    Each name must be declared: `@scenario(extra={"hits": "higher"})`.
    """


class Declared:
    """A scenario as declared, in plain data; its name is the variable's unless one was given."""

    __slots__ = ("_where", "budget", "kind", "line", "name", "params", "settings", "tags", "timeout")

    def __init__(self, kind: str, settings: Mapping[str, Any], options: _Options, where: tuple[str, int]) -> None:
        self.kind = kind
        self.settings = _plain(settings)
        self.name, params, budget, tags, self.timeout = options
        self.params = _plain(params or {})
        self.budget = _plain(budget or {})
        self.tags = [tags] if isinstance(tags, str) else list(tags)
        self._where, self.line = where

    @property
    def file(self) -> str:
        """The file that declared it, as the interpreter knows it."""
        return self._where

    def plain(self, name: str) -> dict[str, Any]:
        """It as `{name, kind, settings, params, budget, tags, timeout, line}`, without a timeout where none is set."""
        keys = ("kind", "settings", "params", "budget", "tags", "line")
        data = {"name": self.name or name, **{key: getattr(self, key) for key in keys}}
        return data if self.timeout is None else {**data, "timeout": self.timeout}


class _Settings:
    """A probe's settings where the probe itself cannot be imported."""

    __slots__ = ("kind", "settings")

    def __init__(self, kind: str, settings: Mapping[str, Any]) -> None:
        self.kind = kind
        self.settings = settings


@overload
def scenario(target: _Function, /) -> _Function: ...
@overload
def scenario(
    target: Probe,
    /,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    timeout: float | str | None = None,
) -> Declared: ...
@overload
def scenario(
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    timeout: float | str | None = None,
    extra: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Callable[[_Function], _Function]: ...
def scenario(
    target: Any = None,
    /,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    timeout: float | str | None = None,
    extra: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Any:
    """Declare what to measure: a probe, or as a decorator a Python function to be timed.

    `start = scenario(Startup(...), budget=...)` takes its name from the variable, `@scenario(...)` from the function.
    The function is the body; or a generator whose code before `yield` sets up, which yields the body, and whose rest
    tears down. Bodies may be `async`: they are awaited in one event loop. `extra` declares what the body returns in
    `Metrics`: name → "lower" or "higher", or a table of better, unit, scale and kind. `settings` are further settings
    of the `call` probe. Returns the declaration, or the decorated function unchanged.
    """
    _refuse_near_misses("scenario", settings)
    options = (name, params, budget, tags, timeout)
    where = _caller()
    if target is not None and not hasattr(target, "__code__"):
        if extra is not None or settings:
            raise TypeError(f"{next(iter(settings), 'extra')!r} belongs in the probe's own settings")
        return Declared(*_kind_and_settings(target), options, where)
    if extra is not None:
        settings["extra"] = {key: {"better": way} if isinstance(way, str) else way for key, way in extra.items()}

    def decorate(function: Any) -> Any:
        _check_arguments(function, list(params or {}))
        bound = {"params": {key: "{" + key + "}" for key in params}} if params else {}
        call = {"file": where[0], "function": function.__name__, **bound, **settings}
        return _attach(function, Declared("call", call, options, (where[0], function.__code__.co_firstlineno)))

    return decorate if target is None else decorate(target)


def audio(
    target: Any = None,
    /,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    timeout: float | str | None = None,
    **settings: Any,
) -> Any:
    """A scenario of probe `audio_deadline` from a function `(frames, rate)` that returns `fill(block)`.

    `settings` are the probe's, such as `block`, `rate` and `duration`; the function itself stays as it is.
    """
    _refuse_near_misses("audio", settings)
    options = (name, params, budget, tags, timeout)
    where = _caller()

    def decorate(function: Any) -> Any:
        whole: dict[str, Any] = {"body": f"{where[0]}:{function.__name__}", **settings}
        declared = Declared("audio_deadline", whole, options, (where[0], function.__code__.co_firstlineno))
        return _attach(function, declared)

    return decorate if target is None else decorate(target)


def Stdout(pattern: str) -> Ready:  # noqa: N802 - reads as the declaration that it makes
    """Ready when a line of its output matches the regular expression `pattern`."""
    return _ready(stdout=pattern)


def Tcp(port: int | str) -> Ready:  # noqa: N802
    """Ready when the TCP port on 127.0.0.1 accepts; `"{port}"` is the launch's free port."""
    return _ready(tcp=port)


def Http(url: str) -> Ready:  # noqa: N802
    """Ready when a GET of `url` answers below 400."""
    return _ready(http=url)


def File(path: str) -> Ready:  # noqa: N802
    """Ready when `path` exists."""
    return _ready(file=path)


def Notify() -> Ready:  # noqa: N802
    """Ready when it sends READY=1 to $NOTIFY_SOCKET, as sd_notify(3) does."""
    return _ready(notify=True)


def Stamp(path: str) -> Ready:  # noqa: N802
    """Ready at the moment that it writes to `path` by itself: CLOCK_MONOTONIC in ns."""
    return _ready(stamp=path)


def Stage(name: str, ready: Ready) -> _Stage:  # noqa: N802
    """One of a list of moments on the way: `ready=[..., ...]`, each with a name for its metric."""
    if _STANDS_IN:
        return {"name": name, **ready}  # type: ignore[dict-item, return-value]
    from dataclasses import asdict

    from perfkit.model.launch import Stage as Found

    return Found(name=name, **asdict(ready))


def _ready(**how: Any) -> Ready:
    if _STANDS_IN:
        return how  # type: ignore[return-value]
    from perfkit.model.launch import Ready

    return Ready(**how)


def _refuse_near_misses(function: str, settings: Iterable[str]) -> None:
    from difflib import get_close_matches

    for key in settings:
        for near in get_close_matches(key, ("name", "params", "budget", "tags", "timeout"), n=1, cutoff=0.8):
            raise TypeError(f"{function}() takes no {key!r}; did you mean {near!r}?")


def _kind_and_settings(probe: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(probe, _Settings):
        return probe.kind, probe.settings
    if not hasattr(type(probe), "__dataclass_fields__") or not isinstance(getattr(probe, "kind", None), str):
        raise TypeError(f"scenario() takes a probe such as Startup(command=[...]) or a function, not {probe!r}")
    return probe.kind, _plain(probe)


def _plain(value: Any) -> Any:
    """Settings as JSON knows them; of a probe's class only what differs from its defaults."""
    if hasattr(type(value), "__dataclass_fields__"):
        return _without_defaults(value)
    if isinstance(value, _Settings):  # a probe's settings within another's
        return _plain(value.settings)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    for simple in (bool, int, float, str):
        if isinstance(value, simple):
            return simple(value)
    if value is None or hasattr(value, "__fspath__"):
        return value and str(value)
    raise TypeError(f"{value!r} is neither text, a number, a list nor a table")


def _without_defaults(probe: Any) -> dict[str, Any]:
    from dataclasses import MISSING, fields

    plain = {}
    for field in fields(probe):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        value = getattr(probe, field.name)
        if value != default:
            plain[field.name] = _plain(value)
    return plain


def _check_arguments(function: Any, given: list[str]) -> None:
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    free = len(function.__defaults__ or ())
    needed = [*names[: code.co_argcount - free], *names[code.co_argcount :]]
    needed = [name for name in needed if name not in (function.__kwdefaults__ or {})]
    missing = [name for name in needed if name not in given]
    unknown = [] if code.co_flags & _OWN_ARGUMENT else [name for name in given if name not in names]
    if missing:
        raise TypeError(f"{function.__name__}() takes {missing[0]!r}, which params does not give")
    if unknown:
        raise TypeError(f"params gives {unknown[0]!r}, which {function.__name__}() does not take")


def _attach(function: Any, declared: Declared) -> Any:
    if hasattr(function, "__perfkit__"):
        raise TypeError(f"{function.__name__}() is a scenario already")
    function.__perfkit__ = declared
    return function


def _caller() -> tuple[str, int]:
    frame = sys._getframe(2)  # noqa: SLF001 - the only way to know who declares
    return frame.f_code.co_filename, frame.f_lineno


if _STANDS_IN:

    def _recording(kind: str) -> Callable[..., _Settings]:
        return lambda **settings: _Settings(kind, settings)

    def Program(command: Iterable[str], **settings: Any) -> _Settings:  # noqa: N802
        """A program to start within a probe, such as the service of a load."""
        return _Settings("program", {"command": command, **settings})

    globals().update({name: _recording(kind) for name, kind in PROBES.items()})
    __all__ += list(PROBES)
    __all__ += ["Program"]
