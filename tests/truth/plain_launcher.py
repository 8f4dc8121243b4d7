"""A Launcher without a process between: starts real programs and ends them, for tests of what is measured with them."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Exit, Program, Usage


class PlainTarget:
    def __init__(self, process: subprocess.Popen[str], program: Program, stderr) -> None:
        self._process = process
        self._program = program
        self._started = time.monotonic()
        self._stderr = stderr
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._exit: Exit | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self._program.ready.stdout and re.search(self._program.ready.stdout, line):
                self._ready.set()

    def wait_ready(self, timeout: float) -> float:
        until = time.monotonic() + timeout
        while not self._ready.wait(0.01):
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                exited = self._reap(stopped=False)
                raise Failed(f"ended before it was ready (exit code {exited.code}): {exited.stderr.strip()}")
            if time.monotonic() > until:
                raise TimedOut("not ready in time")
        return time.monotonic() - self._started

    def wait(self, timeout: float) -> Exit:
        until = time.monotonic() + timeout
        while not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            if time.monotonic() > until:
                self.stop(0.0)
                raise TimedOut("still running")
            time.sleep(0.005)
        return self._reap(stopped=False)

    def stop(self, grace: float = 5.0) -> Exit:
        if self._exit is not None:
            return self._exit
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if ended:
            return self._reap(stopped=False)
        os.killpg(self.pid, signal.SIGTERM)
        until = time.monotonic() + grace
        while not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            if time.monotonic() > until:
                os.killpg(self.pid, signal.SIGKILL)
                break
            time.sleep(0.005)
        return self._reap(stopped=True)

    def _reap(self, *, stopped: bool) -> Exit:
        _, status, used = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.seek(0)
        usage = Usage(
            used.ru_utime, used.ru_stime, 0.0, used.ru_maxrss * 1024, 0,
            used.ru_minflt, used.ru_majflt, used.ru_nvcsw, used.ru_nivcsw, used.ru_inblock, alone=True,
        )  # fmt: skip
        self._exit = Exit(
            self._process.returncode, self._started, time.monotonic(), None, usage, "", self._stderr.read(), stopped
        )
        self._stderr.close()
        return self._exit


class PlainLauncher:
    """Ends everything that it started when it is left."""

    def __init__(self, seed: int = 1, time_limit: float = 120.0) -> None:
        self.seed = seed
        self.python = sys.executable
        self.root = Path.cwd()
        self._until = time.monotonic() + time_limit
        self._folder = tempfile.TemporaryDirectory()
        self.tmp = Path(self._folder.name)
        self._targets: list[PlainTarget] = []

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        for target in self._targets:
            target.stop(1.0)
        self._folder.cleanup()

    @property
    def remaining(self) -> float:
        return self._until - time.monotonic()

    def start(self, program: Program, *, cgroup: bool = False) -> PlainTarget:
        stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when the target has ended
        command = [sys.executable if word == "python" else word for word in program.command]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True,
            env=os.environ | dict(program.env), cwd=self.root / program.cwd,
        )  # fmt: skip
        self._targets.append(PlainTarget(process, program, stderr))
        return self._targets[-1]

    def run(self, program: Program, *, timeout: float | None = None) -> Exit:
        exited = self.start(program).wait(timeout or self.remaining)
        if exited.code not in program.exit_codes:
            raise Failed(f"{program.command[0]} exited with {exited.code}: {exited.stderr.strip()}")
        return exited
