"""The probe host as perfkit's own process sees it: started, asked, restarted if it hangs or dies, ended whole."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

import perfkit
from perfkit.model.launch import Disturbance, Measurement, Outcome
from perfkit.model.reasons import adding, shortened
from perfkit.running.host_folder import HostFolder, remove_abandoned
from perfkit.running.session import Attempt
from perfkit.storage.details import decode
from perfkit.worker.messages import LaunchAnswer, LaunchRequest

__all__ = ["Host", "LaunchRequest"]

_COMMAND = (sys.executable, "-P", "-m", "perfkit.worker.host")
_GRACE = 30.0
"""What a launch may take beyond its time limit, s, before its host is killed: it ends its probe itself by then."""
_LOG = 16384
_PATIENCE = 10.0
_NOTHING = Measurement({})


class Host:
    """A probe host and what it is asked. `grace` s are allowed beyond each launch's own time limit."""

    def __init__(self, grace: float = _GRACE) -> None:
        self._grace = grace
        self._child: _Child | None = None

    @classmethod
    @contextmanager
    def open(cls, grace: float = _GRACE) -> Iterator["Host"]:
        """A host that is started at its first launch and ended, with everything it started, on leaving."""
        host = cls(grace)
        try:
            yield host
        finally:
            host._end()

    @property
    def pid(self) -> int | None:
        """The host's process id, while it runs."""
        return self._child.pid if self._child else None

    def launch(self, request: LaunchRequest) -> Attempt:
        """Make one launch. A host that hangs or dies is ended whole, and the next launch starts another."""
        started, clock = time.time(), time.monotonic()
        if sys.platform == "win32":
            reason = "starting programs needs a POSIX system; measure in WSL"
            return Attempt(Outcome.SKIPPED, reason, _NOTHING, Disturbance(), started, 0.0)
        limit = request.timeout + self._grace
        try:
            if self._child is None:
                self._child = _Child()
            line = self._child.ask(msgspec.json.encode(request, enc_hook=str) + b"\n", limit)
        except BaseException:
            self._end()
            raise
        if line:
            return _attempt(msgspec.json.decode(line, type=LaunchAnswer))
        hung, tail = line is None, self._end()
        outcome = Outcome.TIMED_OUT if hung else Outcome.FAILED
        how = f"did not answer within {limit:g} s" if hung else "ended unexpectedly"
        lines = [shortened(line) for line in tail.splitlines()]
        reason = "\n".join([f"the probe host {how}" + (f": {lines[-1].strip()}" if lines else ""), *lines])
        return Attempt(outcome, reason, _NOTHING, Disturbance(), started, time.monotonic() - clock)

    def _end(self) -> str:
        child, self._child = self._child, None
        return child.end() if child else ""


class _Child:
    """The process. Its stderr is inherited by its launcher, so that stderr's end tells that both are gone."""

    def __init__(self) -> None:
        paths = (str(Path(perfkit.__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        remove_abandoned()
        self._folder = HostFolder()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            (*_COMMAND, self._folder.name),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            env=env,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._in, self._out, self._err = self._process.stdin, self._process.stdout, self._process.stderr
        self._log = bytearray()
        self._reader = threading.Thread(target=self._keep_log, args=(self._err,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, line: bytes, timeout: float) -> bytes | None:
        """The line that answers; None after `timeout` s, empty where the host ended."""
        deadline = time.monotonic() + timeout
        received = bytearray()
        try:
            while line:
                line = line[os.write(self._in.fileno(), line) :]
            while not received.endswith(b"\n"):
                if not select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    return None
                data = os.read(self._out.fileno(), 1 << 20)
                if not data:
                    return b""
                received += data
        except BrokenPipeError:
            return b""
        return bytes(received)

    def end(self) -> str:
        """Kill the host and wait until its launcher ended what it had started. Returns the tail of the log."""
        self._process.kill()
        self._process.wait()
        self._reader.join(_PATIENCE)
        self._in.close()
        self._out.close()
        if not self._reader.is_alive():
            self._err.close()
        self._folder.remove()
        return self._log.decode("utf-8", "replace").strip()[-2000:]

    def _keep_log(self, stderr: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while data := os.read(stderr.fileno(), 65536):
                self._log += data
                del self._log[:-_LOG]


def _attempt(answer: LaunchAnswer) -> Attempt:
    measured = Measurement(
        dict(answer.values), decode(answer.details), answer.metrics, answer.run_delay, answer.caveats
    )
    reason = (
        adding(answer.reason, f"; {answer.hint}") if answer.reason and answer.hint else answer.reason or answer.hint
    )
    return Attempt(answer.outcome, reason, measured, answer.disturbance, answer.started, answer.duration)
