"""Workers of engine `locust` that serve the master of another machine, one load after the other."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

_COMMAND = (sys.executable, "-P", "-m", "perfkit.worker.locust_worker")
_BREATH = 1.0
_GRACE = 5.0


@contextmanager
def load_workers(
    host: str,
    port: int,
    count: int,
    tell: Callable[[str], None],
    *,
    program: Sequence[str] = _COMMAND,
    breath: float = _BREATH,
) -> Iterator["LoadWorkers"]:
    """`count` workers of a master; they end on leaving. `tell` gets a line whenever one has served.

    `program` is what a worker runs, with host and port behind; `breath` s pass before one that failed is started again.
    """
    workers = LoadWorkers((*program, host, str(port)), breath, tell)
    threads = [threading.Thread(target=workers.serve, args=(number,), daemon=True) for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    try:
        yield workers
    finally:
        workers.end()
        for thread in threads:
            thread.join(2 * _GRACE)


class LoadWorkers:
    """The workers' processes: each serves one load, and another takes its place."""

    def __init__(self, command: Sequence[str], breath: float, tell: Callable[[str], None]) -> None:
        self._command, self._breath, self._tell = command, breath, tell
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._served = threading.Semaphore(0)
        self._over = threading.Event()

    def serve(self, number: int) -> None:
        """Run worker `number` again and again, until the end."""
        while not self._over.is_set():
            began = time.monotonic()
            code, said = self._once()
            if self._over.is_set():
                return
            if said:
                self._tell(f"worker {number}: {said}")
                self._served.release()
            elif code:
                self._tell(f"worker {number} ended with code {code}; it is started again")
                self._over.wait(max(0.0, began + self._breath - time.monotonic()))

    def wait(self, loads: int | None) -> None:
        """Until workers have served so many times; for ever with None."""
        served = 0
        while served != loads:
            self._served.acquire()
            served += 1

    def end(self) -> None:
        """End every worker."""
        self._over.set()
        with self._lock:
            running = tuple(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()

    def _once(self) -> tuple[int, str]:
        with self._lock:
            if self._over.is_set():
                return 0, ""
            process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            self._running.add(process)
        assert process.stdout is not None
        with process.stdout as lines:
            said = [line.strip() for line in lines]
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        return code, said[-1] if said else ""
