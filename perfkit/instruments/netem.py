"""A network namespace whose loopback is a slow link: both ends of a load run in it, on the addresses they know.

The namespace has no name: the kernel removes it with the last process and file descriptor in it, so nothing is left
behind however this process ends. HTB classes (tc-htb(8)) pick the packets to and from the service's ports, so that
either direction has the whole rate and other connections inside are left alone; netem (tc-netem(8)) below each delays
and loses them.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of unshare(2) and setns(2)."""
_TOOLS = ("ip", "tc", "nsenter")
_PACKET = 1500
"""Bytes: loopback would otherwise carry 64 KiB at once, which no link does."""
_QUEUE = 100_000
"""Packets that netem holds; its own limit of 1000 would lose those of a long fat link."""
_UNLIMITED = 100e9
_PRIORITY = {"ip": 1, "ipv6": 2}


class CannotShapeError(Exception):
    """Why the kernel cannot imitate a network here."""


@dataclass(frozen=True, slots=True)
class Link:
    """One direction: seconds of delay and jitter, bit/s (0 is unlimited), share of lost packets."""

    delay: float = 0.0
    jitter: float = 0.0
    rate: float = 0.0
    loss: float = 0.0

    @property
    def netem(self) -> tuple[str, ...]:
        """The options of netem; empty where it is not needed."""
        delay = ("delay", _microseconds(self.delay), _microseconds(self.jitter)) if self.delay else ()
        loss = ("loss", f"{self.loss * 100:g}%") if self.loss else ()
        return ("limit", str(_QUEUE), *delay, *loss) if delay or loss else ()


@dataclass(frozen=True, slots=True)
class NetworkSpace:
    """A namespace, held by a file descriptor."""

    fd: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command so that it runs inside."""
        return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self.fd}", "--")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread, and what it starts, inside."""
        home = _own_network()
        try:
            _enter(self.fd)
            yield
        finally:
            _enter(home)
            os.close(home)

    def shape(self, link: Link, ports: Sequence[int]) -> None:
        """Slow down what is sent to and from these TCP ports of loopback. Raises CannotShapeError."""
        with self.entered():
            for command in shaping(link, ports):
                _run(command)

    def unshape(self) -> None:
        """Let everything pass at once again."""
        with self.entered():
            _run(("tc", "qdisc", "del", "dev", "lo", "root"))


@contextmanager
def network_space() -> Iterator[NetworkSpace]:
    """A namespace with loopback alone. Raises CannotShapeError where there can be none."""
    if sys.platform != "linux":
        raise CannotShapeError("network namespaces are Linux's")
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise CannotShapeError(f"{', '.join(missing)} not on PATH: apt-get install iproute2 util-linux")
    space = NetworkSpace(_made())
    try:
        with space.entered():
            _run(("ip", "link", "set", "dev", "lo", "up", "mtu", str(_PACKET), "gso_max_segs", "1"))
        yield space
    finally:
        os.close(space.fd)


def shaping(link: Link, ports: Sequence[int]) -> list[tuple[str, ...]]:
    """The commands that make a root of loopback with one class a direction."""
    commands: list[tuple[str, ...]] = [("tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb")]
    for number, side in ((1, "dport"), (2, "sport")):
        rate = f"{round(link.rate or _UNLIMITED)}bit"
        of_class = ("tc", "class", "add", "dev", "lo", "parent", "1:", "classid", f"1:{number}")
        commands.append((*of_class, "htb", "rate", rate, "quantum", str(_PACKET)))
        below = ("tc", "qdisc", "add", "dev", "lo", "parent", f"1:{number}", "handle", f"{number}0:")
        commands.append((*below, *(("netem", *link.netem) if link.netem else ("pfifo", "limit", str(_QUEUE)))))
        commands += [_filter(number, side, port, family) for port in ports for family in ("ip", "ipv6")]
    return commands


def _filter(number: int, side: str, port: int, family: str) -> tuple[str, ...]:
    add = ("tc", "filter", "add", "dev", "lo", "parent", "1:", "protocol", family, "prio", str(_PRIORITY[family]))
    field = "ip" if family == "ip" else "ip6"
    return (*add, "u32", "match", field, side, str(port), "0xffff", "flowid", f"1:{number}")


def _made() -> int:
    home = _own_network()
    try:
        if _libc().unshare(_NEW_NETWORK):
            raise CannotShapeError(f"making a network namespace needs root ({os.strerror(ctypes.get_errno())})")
        try:
            return _own_network()
        finally:
            _enter(home)  # only from elsewhere: whoever may not leave may not come back either
    finally:
        os.close(home)


def _own_network() -> int:
    """The namespace of the calling thread; the launcher's programs do not inherit the descriptor."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _enter(fd: int) -> None:
    if _libc().setns(fd, _NEW_NETWORK):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise CannotShapeError(f"{_missing(command)}: {said}")


def _missing(command: Sequence[str]) -> str:
    for module in ("netem", "htb", "u32"):
        if module in command:
            return f"this kernel gives no {module} (modprobe {'cls' if module == 'u32' else 'sch'}_{module})"
    return " ".join(command)


def _microseconds(seconds: float) -> str:
    return f"{round(seconds * 1e6)}us"


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
