"""The loop over commands, outputs, ready sources and ends."""

from __future__ import annotations

import marshal
import os
import re
import select
import signal
import sys
import time

from .folders import Folders
from .readings import become_subreaper, children, floor, usage, zombie_readings
from .target import PIDFD, Target, kill

TYPE_CHECKING = False  # typing itself costs 0.8 MiB
if TYPE_CHECKING:
    import resource
    from collections.abc import Callable
    from typing import Any

    from .ready import Ready

TICK_MS = 1
PATIENCE = 2.0
PIPEFULS = 64


class Launcher:
    """All programs that run, and what the loop waits for on their behalf."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[float], None]] = {}
        self._targets: dict[int, Target] = {}
        self._cgroups: set[str] = set()
        self._commands, self._replies = b"", b""
        self._floor = 0
        self._folders = Folders()
        self._adopts = become_subreaper()
        for fd in (0, 1):
            os.set_blocking(fd, False)
        self._watch(0, self._command)
        if not PIDFD:
            self._listen_for_ends()

    def run(self) -> None:
        """Serve until stdin ends; whatever ends it, nothing is left behind."""
        try:
            while True:
                events = self._poll.poll(self._patience())
                now = time.monotonic()
                for fd, _ in events:
                    if handler := self._handlers.get(fd):
                        handler(now)
                self._tick(now)
        finally:
            self._clear()

    def _watch(self, fd: int, handler: Callable[[float], None], events: int = select.POLLIN) -> None:
        self._poll.register(fd, events)
        self._handlers[fd] = handler

    def _unwatch(self, fd: int) -> None:
        if self._handlers.pop(fd, None):
            self._poll.unregister(fd)

    def _patience(self) -> float | None:
        """How long the loop may sleep, ms; None for ever."""
        if any(ready.polled for target in self._targets.values() for ready in target.pending):
            return TICK_MS
        due = [target.kill_at for target in self._targets.values() if target.kill_at is not None]
        return max(0.0, min(due) - time.monotonic()) * 1000 + 1 if due else None

    def _tick(self, now: float) -> None:
        for target in list(self._targets.values()):
            if target.kill_at is not None and now >= target.kill_at:
                target.kill_at = None
                target.signal(signal.SIGKILL)
            for ready in target.pending:
                if ready.polled:
                    self._check(target, ready)

    def _command(self, _now: float) -> None:
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        self._commands += data
        while len(self._commands) >= 4:
            end = 4 + int.from_bytes(self._commands[:4], "little")
            if len(self._commands) < end:
                break
            request = marshal.loads(self._commands[4:end])  # noqa: S302 - from our own parent
            self._commands = self._commands[end:]
            self._obey(request)

    def _obey(self, request: dict[str, Any]) -> None:
        if request["do"] == "start":
            self._start(request)
        elif request["do"] == "stop":
            self._stop(request["id"], request["grace"])
        else:
            self._clear()

    def _reply(self, **event: object) -> None:
        data = marshal.dumps(event)
        self._replies += len(data).to_bytes(4, "little") + data
        self._flush()

    def _flush(self, _now: float = 0.0) -> None:
        """Write what the pipe takes; a client that is busy must not hold up the draining."""
        try:
            while self._replies:
                self._replies = self._replies[os.write(1, self._replies) :]
            self._unwatch(1)
        except BlockingIOError:
            self._watch(1, self._flush, select.POLLOUT)
        except BrokenPipeError:
            self._replies = b""  # the end of stdin follows

    def _start(self, request: dict[str, Any]) -> None:
        try:
            target = Target(request)
        except OSError as error:
            self._reply(id=request["id"], errno=error.errno or 0, error=error.strerror or str(error))
            return
        except re.error as error:
            self._reply(id=request["id"], errno=0, error=f"ready stdout: {error}")
            return
        self._floor = self._floor or floor()
        self._targets[target.id] = target
        if target.cgroup:
            self._cgroups.add(os.path.dirname(target.cgroup["join"]))
        for name, stream in target.streams.items():
            self._watch(stream.fd, self._drainer(target, name))
        for ready in target.awaited:
            if ready.fd >= 0:
                self._watch(ready.fd, self._checker(target, ready))
            if ready.file:
                self._folders.watch(os.path.dirname(ready.file))
        if self._folders.fd >= 0:
            self._watch(self._folders.fd, self._folders.came)  # being awake it looks at what is polled
        if not request["quiet"]:
            self._reply(id=target.id, pid=target.pid, started=target.started)
        if PIDFD:
            self._watch(target.pidfd, lambda now: self._end(target, now))

    def _stop(self, number: int, grace: float) -> None:
        if target := self._targets.get(number):
            target.stopped = True
            target.signal(signal.SIGTERM if grace > 0 else signal.SIGKILL)
            target.kill_at = time.monotonic() + grace

    def _clear(self) -> None:
        """End every program and every adopted process, then tell how many would not end."""
        deadline = time.monotonic() + PATIENCE
        while self._targets and time.monotonic() < deadline:
            for target in list(self._targets.values()):
                target.stopped = True
                target.signal(signal.SIGKILL)
                self._end(target, time.monotonic())
            time.sleep(0.0005)
        self._sweep(lambda _: True)
        for folder in self._cgroups:
            try:
                os.rmdir(folder)
            except OSError:
                continue  # the client removed it already
        self._cgroups.clear()
        self._reply(left=len(children()) if self._adopts else len(self._targets))

    def _drainer(self, target: Target, name: str) -> Callable[[float], None]:
        def drain(_now: float) -> None:
            self._drain(target, name)

        return drain

    def _drain(self, target: Target, name: str, ended: float | None = None) -> bool:
        """Take what an output holds, up to one pipe full; whether there may be more."""
        stream = target.streams[name]
        data = stream.read()
        if name == "stdout" and data:
            for ready in target.pending:
                if ready.printed(data):
                    self._reached(target, ready, ended)
        if data == b"":
            self._unwatch(stream.fd)
        return bool(data)

    def _checker(self, target: Target, ready: Ready) -> Callable[[float], None]:
        def check(_now: float) -> None:
            self._check(target, ready)

        return check

    def _check(self, target: Target, ready: Ready, ended: float | None = None) -> None:
        """Look at a ready source that is no output."""
        if ready.at is not None:
            return
        before, refused = ready.fd, ready.refused
        if ready.check():
            ready.close()
            self._reached(target, ready, ended)
        elif ready.refused != refused:
            self._tell(target)
        if before != ready.fd:
            self._unwatch(before)
            if ready.fd >= 0:
                self._watch(ready.fd, self._checker(target, ready))

    def _reached(self, target: Target, ready: Ready, ended: float | None) -> None:
        """Stamped after the look: what it saw may be younger than the wake-up, but never than the program's end."""
        ready.reach(time.monotonic() if ended is None else ended)
        self._tell(target)
        if ready.file:
            self._folders.leave()  # of others that wait for a file too the tick still tells

    def _tell(self, target: Target) -> None:
        self._reply(id=target.id, **target.way())

    def _listen_for_ends(self) -> None:
        """Without pidfd, SIGCHLD wakes the loop."""
        reading, writing = os.pipe()
        for fd in (reading, writing):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(writing)
        signal.signal(signal.SIGCHLD, lambda *_: None)

        def look(now: float) -> None:
            os.read(reading, 4096)
            for target in list(self._targets.values()):
                self._end(target, now)

        self._watch(reading, look)

    def _end(self, target: Target, now: float) -> None:
        """Read, reap and report a program whose first process has ended; nothing happens if it has not."""
        delay, childless = zombie_readings(target.pid)
        pid, status, rusage = os.wait4(target.pid, os.WNOHANG)
        if not pid:
            return
        target.signal(signal.SIGKILL)
        del self._targets[target.id]
        adopted = self._sweep(target.owns if self._targets else lambda _: True)
        for name in target.streams:
            for _ in range(PIPEFULS):
                if not self._drain(target, name, now):
                    break
        for ready in target.pending * 2:  # a stamp without a newline counts once it has not grown since a look
            self._check(target, ready, now)
        ended: dict[str, Any] = {"id": target.id, "pid": target.pid, "started": target.started, "ended": now}
        ended |= target.way()
        ended |= {"code": os.waitstatus_to_exitcode(status), "stopped": target.stopped, "cgroup": bool(target.cgroup)}
        ended |= {"delay": delay, "floor": self._floor, "alone": childless and not adopted}
        ended |= {name: stream.text() for name, stream in target.streams.items()}
        self._reply(**ended, **usage([rusage, *adopted]))
        self._forget(target)  # only now, when nobody waits for us
        self._floor = floor()

    def _forget(self, target: Target) -> None:
        """Close everything that was opened for a program."""
        for fd in (target.pidfd, *(stream.fd for stream in target.streams.values())):
            if fd >= 0:
                self._unwatch(fd)
                os.close(fd)
        for ready in target.awaited:
            self._unwatch(ready.fd)
            ready.close()
        self._folders.leave()

    def _sweep(self, owns: Callable[[int], bool]) -> list[resource.struct_rusage]:
        """Kill and reap the adopted processes that `owns` tells, and those they leave; their resource usages."""
        usages = []
        deadline = time.monotonic() + PATIENCE
        while self._adopts and time.monotonic() < deadline:
            started = {target.pid for target in self._targets.values()}
            adopted = [pid for pid in children() if pid not in started and owns(pid)]
            if not adopted:
                break
            for pid in adopted:
                kill(pid)
                reaped, _, rusage = os.wait4(pid, os.WNOHANG)
                if reaped:
                    usages.append(rusage)
            time.sleep(0.0005)
        return usages


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # inherited as ignored, it would take the ends from us
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    Launcher().run()
