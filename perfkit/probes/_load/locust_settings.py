"""Who sends a load with engine `locust`; declarations only, checked without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

PORT = 5557
"""Where a master waits for other machines: Locust's own port."""
AROUND = 8.0
"""s for starting Locust, its users and the last reports."""
_LOCAL_WORKERS = 4
_LOOPBACK = "127.0.0.1"
_OWN = ("workers", "expect_workers", "bind", "locustfile", "spawn_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """`workers` processes of this machine and `expect_workers` from others (`perfkit load-worker`).

    `bind` is where the master listens, HOST or HOST:PORT; without it nobody reaches it but this machine and who has a
    tunnel to it. With a `locustfile` it is Locust alone that sends, with `users` who are started at `spawn_rate` a
    second.
    """

    workers: int | None = None
    expect_workers: int = 0
    bind: str = ""
    locustfile: str = ""
    users: int = 0
    spawn_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, not {self.workers}")
        if self.expect_workers < 0:
            raise ValueError(f"expect_workers must not be negative, not {self.expect_workers}")
        if self.locustfile and self.users < 1:
            raise ValueError("a locustfile needs `users`: how many run at a time")
        if self.spawn_rate < 0:
            raise ValueError(f"spawn_rate must be positive (users a second), not {self.spawn_rate:g}")
        if self.bind:
            master_address(self.bind)

    @property
    def local(self) -> int:
        """Workers on this machine: those asked for; four where no other machine helps."""
        if self.workers is not None:
            return self.workers
        return 0 if self.expect_workers else _LOCAL_WORKERS

    @property
    def address(self) -> tuple[str, int]:
        """Where the master listens; port 0 is any free one."""
        port = PORT if self.expect_workers else 0
        return master_address(self.bind, port) if self.bind else (_LOOPBACK, port)

    @property
    def invitation(self) -> str:
        """What is to be done on the other machines, and here if they cannot reach it."""
        host, port = self.address
        if self.bind:
            return f"on each other machine: perfkit load-worker --master {host}:{port}"
        return f"it listens on {host}:{port} alone: set `bind` to an address of this machine that the others reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustSettings:
    """The settings of engine `locust`, beside those of every load."""

    workers: int | None = None
    expect_workers: int = 0
    bind: str = ""
    locustfile: str = ""
    spawn_rate: float = 0.0

    def crew(self, users: int) -> Crew:
        """Who sends. Raises ValueError."""
        own = {key: getattr(self, key) for key in _OWN}
        return Crew(**own, users=users)

    def check_locust(self, engine: str, seconds: float, given: Mapping[str, object]) -> None:
        """Raises ValueError where these do not go with the `engine`, the window's `seconds` or what else is `given`."""
        if engine != "locust":
            for key in _OWN:
                if getattr(self, key):
                    raise ValueError(f'`{key}` is nothing that engine = "{engine}" has; write engine = "locust"')
            return
        unknown: tuple[str, ...] = ("call", "streams", "capacity")
        if not self.locustfile:
            if given["arrivals"] == "closed":
                raise ValueError("users of a closed loop are a locustfile's: write `locustfile`")
        else:
            unknown += ("rate", "rate_end", "steps", "think", "warmup")
            if seconds % 1:
                raise ValueError("a locustfile runs for whole seconds: round `duration`")
        sender = self.locustfile or 'engine = "locust"'
        for key in unknown:
            if given[key]:
                raise ValueError(f"`{key}` is nothing that {sender} has")
        if self.expect_workers and given["network"]:
            raise ValueError("`network` lies between a service and workers of this machine: leave out `expect_workers`")


def master_address(text: str, otherwise: int = PORT) -> tuple[str, int]:
    """HOST or HOST:PORT. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, otherwise
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not HOST or HOST:PORT")
    return host, int(port)
