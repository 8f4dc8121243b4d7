"""The probes, one module a kind; a new one is one file and one line here, or an entry point `perfkit.probes`."""

import difflib
import sys
import traceback
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any

from perfkit.model.errors import UsageError
from perfkit.model.scenario import Probe
from perfkit.model.units import ByteSize, Duration

REGISTRY: dict[str, str] = {
    "audio_capacity": "perfkit.probes.audio_capacity:AudioCapacity",
    "audio_deadline": "perfkit.probes.audio_deadline:AudioDeadline",
    "audio_latency": "perfkit.probes.audio_latency:AudioLatency",
    "audio_offline": "perfkit.probes.audio_offline:AudioOffline",
    "audio_quality": "perfkit.probes.audio_quality:AudioQuality",
    "call": "perfkit.probes.call:Call",
    "command": "perfkit.probes.command:Command",
    "cpu": "perfkit.probes.cpu:Cpu",
    "load": "perfkit.probes.load:Load",
    "memory": "perfkit.probes.memory:Memory",
    "size": "perfkit.probes.size:Size",
    "startup": "perfkit.probes.startup:Startup",
}
"""Kind → `module:class` or `file.py:class`; loading adds what plugins bring."""


def find(kind: str) -> type[Any]:
    """The probe class of a kind. Raises UsageError with a suggestion for an unknown one."""
    where = REGISTRY.get(kind)
    if where is None:
        near = difflib.get_close_matches(kind, REGISTRY, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known probes: {', '.join(sorted(REGISTRY))}"
        raise UsageError(f"unknown probe {kind!r}", hint=known)
    module, _, name = where.rpartition(":")
    found: type[Any] = getattr(load_file(Path(module)) if module.endswith(".py") else import_module(module), name)
    return found


def load_file(file: Path) -> ModuleType:
    """The module of a plugin's file, run once. Raises UsageError with the line that raised."""
    name = f"perfkit_plugin_{file.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(file):
        return loaded
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a plugin's own code: anything may come
        del sys.modules[name]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        line = lines[-1] if lines else getattr(error, "lineno", None)
        raise UsageError(f"{file}:{line or 1}: {type(error).__name__}: {error}") from error
    return module


def build(kind: str, settings: Mapping[str, Any]) -> Probe:
    """The probe of a kind with its settings checked.

    Raises UsageError that names the key: unknown (with a suggestion), missing, of the wrong type, or refused.
    """
    import msgspec  # `perfkit --help` never decodes

    cls = find(kind)
    _refuse_unknown(cls, settings, "")
    plain = _as_text(cls, settings)
    try:
        probe: Probe = _convert(plain, cls)
    except msgspec.ValidationError as error:
        from perfkit.probes.refusals import refusal

        raise refusal(error, cls, plain, _convert) from None
    return probe


def _convert(value: Any, wanted: Any) -> Any:
    import msgspec

    return msgspec.convert(value, type=wanted, dec_hook=_decode, str_keys=True)


def _as_text(wanted: Any, value: Any) -> Any:
    """`value` with numbers written out where only text is accepted, such as a port among a command's words."""
    arguments, origin = typing.get_args(wanted), typing.get_origin(wanted)
    union = origin in {typing.Union, UnionType}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if set(arguments if union else (wanted,)) - {type(None)} == {str} else value
    if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, Mapping):
        hints = typing.get_type_hints(wanted)
        return {key: _as_text(hints[key], inner) for key, inner in value.items()}
    if isinstance(value, Mapping) and origin in {Mapping, dict}:
        return {key: _as_text(arguments[1], inner) for key, inner in value.items()}
    if isinstance(value, list | tuple) and origin in {tuple, list, Sequence}:
        return [_as_text(arguments[0], inner) for inner in value]
    for inner in arguments if union else ():
        value = _as_text(inner, value)
    return value


def _decode(wanted: type[Any], value: Any) -> Any:
    for quantity in (Duration, ByteSize):
        if issubclass(wanted, quantity) and isinstance(value, str | int | float):
            return quantity(value)
    raise ValueError(f"{value!r} is not a {wanted.__name__.lower()}")


def _refuse_unknown(cls: type[Any], settings: Mapping[str, Any], path: str) -> None:
    hints = typing.get_type_hints(cls)
    known = [field.name for field in fields(cls) if field.init]
    for key, value in settings.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
            raise UsageError(f"unknown key `{path}{key}`", hint=hint)
        for inner, table, inside in _tables(hints[key], value, f"{path}{key}"):
            _refuse_unknown(inner, table, f"{inside}.")


def _tables(hint: Any, value: Any, path: str) -> Iterator[tuple[type[Any], Mapping[str, Any], str]]:
    """Every table within `value` whose keys a dataclass knows: that class, the table, and its path."""
    arguments, origin = typing.get_args(hint), typing.get_origin(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        if isinstance(value, Mapping):
            yield hint, value, path
    elif origin in {Mapping, dict}:
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            yield from _tables(arguments[1], inner, f"{path}.{key}")
    elif origin in {tuple, list, Sequence}:
        for number, inner in enumerate(value if isinstance(value, list | tuple) else ()):
            yield from _tables(arguments[0], inner, f"{path}[{number}]")
    else:
        for argument in arguments:
            yield from _tables(argument, value, path)
