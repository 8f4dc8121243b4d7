"""Where both sides were measured, side by side."""

from dataclasses import fields

from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.run import Baseline, Recorded, Run
from perfkit.reporting.view import Fact

_NAMES = {
    "architecture": "architecture",
    "cpu": "CPU",
    "stepping": "CPU stepping",
    "cpus": "logical CPUs",
    "memory_gib": "memory, GiB",
    "system": "system",
    "hypervisor": "hypervisor",
    "identity": "machine id",
}


def base_sessions(base: Baseline | Recorded | None) -> tuple[Recorded, ...]:
    """The sessions the base consists of, oldest first."""
    if base is None:
        return ()
    return (base,) if isinstance(base, Recorded) else base.sessions


def side_by_side(run: Run, base: Baseline | Recorded | None) -> tuple[Fact, ...]:
    """Machine, then commit, then conditions; a base of several sessions shows each distinct value once."""
    candidate = _facts(run.machine, run.commit, run.conditions)
    sessions = [_facts(session.machine, session.commit, session.conditions) for session in base_sessions(base)]
    names = dict.fromkeys([*candidate, *(name for session in sessions for name in session)])
    return tuple(_fact(name, candidate, sessions) for name in names)


def _fact(name: str, candidate: dict[str, str], sessions: list[dict[str, str]]) -> Fact:
    base = list(dict.fromkeys(session.get(name, "not recorded") for session in sessions))
    own = candidate.get(name, "not recorded")
    # A commit is meant to differ; marking it would hide what should not.
    differs = bool(base) and base != [own] and name != "commit"
    return Fact(name, " / ".join(base), own, differs)


def _facts(machine: Machine, commit: Commit, conditions: Conditions) -> dict[str, str]:
    own = {_NAMES[field.name]: str(getattr(machine, field.name)) or "none" for field in fields(machine)}
    return {"fingerprint": machine.fingerprint} | own | {"commit": commit_text(commit)} | dict(conditions.values)


def commit_text(commit: Commit) -> str:
    """`3f2a91c07d (main)`, with `+changes` for a dirty work tree."""
    return f"{commit} ({commit.branch})" if commit.branch else str(commit)
