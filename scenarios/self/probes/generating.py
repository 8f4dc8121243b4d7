"""What a request costs the generator that sends it: perfkit's, wrk and Locust's FastHttpUser at one fast server."""

import importlib.util
import json
import shutil
import socket
from dataclasses import dataclass
from typing import ClassVar, Literal

from perfkit import Facts, Failed, Invalid, Launcher, Measurement, Metric, Program, Ready, Resource, Skipped
from perfkit.instruments.affinity import pin_tree, split_cores
from perfkit.instruments.priority import prefer

_HERE = "scenarios/self/programs"
_COUNT = "function done(s) io.write('\\nrequests ' .. s.requests .. '\\n') end\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generating:
    """`generator` for `seconds` on a core of its own, perfkit's at `rate` and the others as fast as they can.

    Server and generator go before whatever else the machine does, where that is allowed.
    """

    kind: ClassVar[str] = "generating"

    generator: Literal["perfkit", "wrk", "locust"]
    rate: float = 8000.0
    seconds: int = 5

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """CPU time a request, and requests a second."""
        return (
            Metric("generator_cpu", "s", resource=Resource.CPU, description="CPU time of the generator by request"),
            Metric("sent", "1/s", resource=Resource.WALL, description="requests a second"),
        )

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch against a fresh server."""
        missing = {"wrk": not shutil.which("wrk"), "locust": importlib.util.find_spec("locust") is None}
        if missing.get(self.generator):
            install = {"wrk": "apt-get install wrk", "locust": "pip install 'perfkit[locust]'"}[self.generator]
            raise Skipped(f"{self.generator} is not on this machine", hint=install)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
        server = launcher.start(Program(("python", f"{_HERE}/fast_server.py", port), ready=Ready(stdout="ready")))
        server.wait_ready(10.0)
        cores = split_cores()
        prefer(server.pid)
        if cores:
            pin_tree(server.pid, cores.service)
        requests, cpu = self._generate(launcher, port, cores.generator if cores else None)
        rows = (("requests", str(requests)), ("requests by CPU second", f"{requests / cpu:.0f}"))
        values = {"generator_cpu": cpu / requests, "sent": requests / self.seconds}
        return Measurement(values, (Facts("generator", rows),))

    def _generate(self, launcher: Launcher, port: str, core: frozenset[int] | None) -> tuple[int, float]:
        """Requests of the window, and the CPU time that they took, s."""
        if self.generator == "wrk":
            script = launcher.tmp / "count.lua"
            script.write_text(_COUNT)
            url = f"http://127.0.0.1:{port}/"
            command = ("wrk", "-t", "1", "-c", "10", "-d", f"{self.seconds}s", "-s", str(script), url)
        else:
            command = ("python", f"{_HERE}/generate.py", self.generator, port, str(self.seconds), f"{self.rate:g}")
        child = launcher.start(Program(command))
        prefer(child.pid)
        if core:
            pin_tree(child.pid, core)
        ended = child.wait(launcher.remaining)
        if ended.code != 0:
            raise Failed(f"{self.generator} failed: {ended.stderr.strip()[-300:]}", hint=" ".join(command))
        if self.generator == "wrk":
            return int(ended.stdout.split("requests ")[-1].split()[0]), ended.usage.cpu_time
        told = json.loads(ended.stdout.strip().splitlines()[-1])
        if told["void"]:
            raise Invalid("; ".join(told["void"]), hint="measure on a machine at rest")
        return told["requests"], told["cpu"]
