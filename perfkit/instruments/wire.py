"""The light launcher's process and the pipes to it."""

import marshal
import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from perfkit.model.errors import MeasurementError, Skipped

_FOLDER = str(Path(__file__).parent.parent / "worker")
COMMAND = (
    *(sys.executable, "-I", "-S", "-c"),
    f"import sys; sys.path.append({_FOLDER!r}); from launcher.loop import main; main()",
)
"""How the launcher is run: by path as a package of its own, so that its compiled form is used (0.8 MiB less)."""


class Wire:
    """A running launcher. Not for several threads at a time."""

    def __init__(self) -> None:
        if not hasattr(os, "posix_spawn") or not hasattr(select, "poll"):
            raise Skipped("starting programs needs a POSIX system", hint="measure on Linux, or in WSL on Windows")
        self._process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._received = b""
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)

    @property
    def pid(self) -> int:
        """The launcher's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Write one message. Raises MeasurementError where the launcher is gone."""
        data = marshal.dumps(message)
        data = len(data).to_bytes(4, "little") + data
        try:
            while data:
                data = data[os.write(self._in.fileno(), data) :]
        except OSError:
            raise self._gone() from None

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next message; None after `timeout` s. Raises MeasurementError where the launcher is gone."""
        while (message := self._take()) is None:
            if not self._poll.poll(max(0.0, timeout) * 1000):
                return None
            data = os.read(self._out.fileno(), 262144)
            if not data:
                raise self._gone()
            self._received += data
        return message

    def _take(self) -> dict[str, Any] | None:
        end = 4 + int.from_bytes(self._received[:4], "little")
        if len(self._received) < max(end, 5):
            return None
        message: dict[str, Any] = marshal.loads(self._received[4:end])  # noqa: S302 - from our own child
        self._received = self._received[end:]
        return message

    def _gone(self) -> MeasurementError:
        return MeasurementError("the launcher ended unexpectedly", hint="was it killed for lack of memory?")

    def close(self, patience: float = 5.0) -> None:
        """Close its stdin, at which it ends all that it started and itself; kill it after `patience` s."""
        with suppress(OSError):
            self._in.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
