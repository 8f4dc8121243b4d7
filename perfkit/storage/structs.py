"""The stored form of a run and of a baseline session: strict, each names its schema, no null anywhere."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from perfkit.model.budget import Level
from perfkit.model.launch import Outcome, Side
from perfkit.model.metric import Better, Kind, Resource, Scale

RunSchema = Literal["perfkit-run/1"]
JournalSchema = Literal["perfkit-journal/1"]
BaselineSchema = Literal["perfkit-baseline/1"]
RUN_SCHEMA: RunSchema = "perfkit-run/1"
JOURNAL_SCHEMA: JournalSchema = "perfkit-journal/1"
BASELINE_SCHEMA: BaselineSchema = "perfkit-baseline/1"

_Epoch = Annotated[float, Meta(description="seconds since the epoch, UTC")]
_Share = Annotated[float, Meta(description="share of the launch's wall time, 0 to 1; absent where it cannot be read")]
_Values = Annotated[dict[str, float], Meta(description="metric name to value, in the metric's base unit")]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    pass


class StoredMachine(_Strict):
    """The properties by which a machine is recognised; times are compared only within one."""

    architecture: str
    cpu: str
    stepping: str
    cpus: int
    memory_gib: int
    system: str
    hypervisor: str
    identity: str


class StoredCommit(_Strict):
    """The measured revision; an empty id outside a repository."""

    id: str = ""
    branch: str = ""
    dirty: bool = False


class StoredSession(_Strict):
    """One uninterrupted stretch of measuring."""

    number: int
    started: _Epoch
    ended: _Epoch
    seed: int
    interrupted: bool = False
    confirmation: Annotated[bool, Meta(description="a second batch of pairs, of what the first one suspected")] = False
    out_of_time: Annotated[tuple[str, ...], Meta(description="benchmarks that a time limit ended undecided")] = ()


class StoredAgainst(_Strict):
    """What pairs compare: the ref as written, the base it led to, and how both sides were laid out."""

    ref: str
    commit: StoredCommit
    snapshot: Annotated[str, Meta(description="the commit that the candidate was measured as")]
    exact: Annotated[bool, Meta(description="the base is the ref itself, not the merge base with it")] = False
    in_place: Annotated[bool, Meta(description="the candidate was measured in the user's own work tree")] = False
    identical: Annotated[bool | UnsetType, Meta(description="both builds made the same bytes; absent without")] = UNSET


class StoredMetric(_Strict):
    """A metric's definition; values of different name, unit or method are never compared."""

    name: str
    unit: Annotated[str, Meta(description="base unit: s B 1/s B/s 1 cores dB ppm frames")]
    better: Better = Better.LOWER
    scale: Scale = Scale.RATIO
    kind: Kind = Kind.NOISY
    resource: Resource = Resource.OTHER
    method: str = ""
    description: str = ""


class StoredBudget(_Strict):
    """What is allowed, as written: a limit such as `< 10 ms` or a tolerance such as `+5 %`."""

    text: str
    unit: Annotated[str, Meta(description="base unit of the metric; a number without a unit is in it")]
    relative: Annotated[bool, Meta(description="the tolerance is a share of the base")] = False
    level: Level = Level.ERROR


class StoredDisturbance(_Strict):
    """What the machine did during a launch."""

    steal: _Share | UnsetType = UNSET
    throttled: _Share | UnsetType = UNSET
    run_delay: _Share | UnsetType = UNSET
    cpu_pressure: _Share | UnsetType = UNSET
    memory_pressure: _Share | UnsetType = UNSET
    io_pressure: _Share | UnsetType = UNSET


class StoredLaunch(_Strict):
    """One launch: one value per metric, or the reason why there is none."""

    outcome: Outcome
    session: int
    order: Annotated[int, Meta(description="place among the launches of the session")]
    started: _Epoch
    duration: Annotated[float, Meta(description="seconds")]
    seed: int
    values: _Values = {}
    reason: str = ""
    disturbance: StoredDisturbance | UnsetType = UNSET
    contaminated: Annotated[tuple[str, ...], Meta(description="rules of disturbance that it broke")] = ()
    replaced: Annotated[bool, Meta(description="run again; the later launch counts")] = False
    caveats: tuple[str, ...] = ()
    details: Annotated[str, Meta(description="details file, relative to the run's folder")] = ""
    side: Side = Side.CANDIDATE
    pair: Annotated[int | UnsetType, Meta(description="number of its pair within the session")] = UNSET

    def __post_init__(self) -> None:
        if self.outcome is not Outcome.MEASURED and not self.reason:
            raise ValueError(f"a launch that is {self.outcome} needs a reason")


class ResultHead(_Strict):
    """One benchmark: its definition, its budgets and the metrics in force."""

    benchmark: str
    scenario: str
    kind: str
    source: str
    fingerprint: Annotated[str, Meta(description="changes when the definition does")]
    params: dict[str, Any]
    tags: tuple[str, ...]
    budgets: dict[str, tuple[StoredBudget, ...]]
    metrics: tuple[StoredMetric, ...]


class StoredResult(ResultHead):
    """One benchmark with all its launches, in order."""

    launches: tuple[StoredLaunch, ...]


class Identity(_Strict):
    """Which run it is, of what, where and under which conditions."""

    id: str
    version: Annotated[str, Meta(description="version of perfkit that wrote it")]
    created: _Epoch
    arguments: tuple[str, ...]
    machine: StoredMachine
    conditions: dict[str, str]
    commit: StoredCommit
    notes: tuple[str, ...] = ()
    against: Annotated[StoredAgainst | UnsetType, Meta(description="there where pairs were measured")] = UNSET


class RunHead(Identity, kw_only=True):
    """What a run is apart from its launches."""

    schema: RunSchema
    sessions: tuple[StoredSession, ...]
    complete: Annotated[bool, Meta(description="every benchmark has its launches")]


class StoredRun(RunHead, kw_only=True):
    """Everything one `perfkit run` or `perfkit gate` measured."""

    results: tuple[StoredResult, ...]


class LazyRun(RunHead, kw_only=True):
    """A StoredRun whose results are decoded one by one: a million launches need not stand in memory twice."""

    results: tuple[msgspec.Raw, ...]


class StoredSample(_Strict):
    """All values of one metric of one benchmark in one session."""

    benchmark: str
    fingerprint: str
    metric: StoredMetric
    values: Annotated[tuple[float, ...], Meta(min_length=1)]
    at_floor: Annotated[bool, Meta(description="the program needs less memory than could be read")] = False


class StoredRecorded(_Strict):
    """One session of a baseline: samples without details, and why it was accepted if it had regressed."""

    schema: BaselineSchema
    name: Annotated[str, Meta(description="name of the baseline")]
    id: str
    created: _Epoch
    machine: StoredMachine
    conditions: dict[str, str]
    commit: StoredCommit
    samples: tuple[StoredSample, ...]
    accepted: Annotated[str, Meta(description="reason given for saving a regressed run")] = ""
    anchor: Annotated[bool, Meta(description="frozen: guards against creep")] = False


class JournalHeader(Identity, kw_only=True):
    """First line of a journal: the run as planned."""

    schema: JournalSchema
    benchmarks: tuple[ResultHead, ...]


class LaunchEntry(_Strict, tag_field="entry", tag="launch"):
    """Line of a journal: one launch, with metric definitions that only it knew."""

    benchmark: str
    launch: StoredLaunch
    metrics: tuple[StoredMetric, ...] = ()


class SessionEntry(_Strict, tag_field="entry", tag="session"):
    """Line of a journal: a session that began or ended."""

    session: StoredSession
