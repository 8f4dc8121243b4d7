"""When programs are ready, against the moment that they note by themselves; and those that never are."""

import re
import socket
import statistics
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from perfkit.instruments.process import LauncherClient
from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Program, Ready, Stage
from perfkit.probes import build
from tests.truth.clean import attempts

pytestmark = [pytest.mark.machine, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

LAUNCHES = 15
SOON = 0.001
SOON_BY_HTTP = 0.005

NOTE = """
import os, socket, sys, time
own = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
port = int(sys.argv[2])
def note(name=""):
    now = time.monotonic_ns()
    os.write(own, f"{name} {now}\\n".encode())
    return now
time.sleep(0.005)
"""
STAY = "\ntime.sleep(600)\n"
LINE = "note(); os.write(1, b'ready\\n')"
FILE = "note(); open('ready', 'w').close()"
PORT = "server = socket.socket(); server.bind(('127.0.0.1', port)); note(); server.listen()"
ANSWERS = """
server = socket.create_server(("127.0.0.1", port))
up = time.monotonic() + 0.02
os.write(own, b" %d\\n" % (up * 1e9))
while True:
    peer, _ = server.accept()
    peer.recv(4096)
    status = 200 if time.monotonic() >= up else 503
    peer.sendall(b"HTTP/1.1 %d Well\\r\\nContent-Length: 0\\r\\n\\r\\n" % status)
    peer.close()
"""
NOTIFIES = """
address = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
note(); told.sendto(b"READY=1", address)
"""
STAMPS = "open('part', 'w').write(str(note())); os.rename('part', 'ready')"
SAYS_ITS_STAMP = "os.write(1, b'ready at %d\\n' % note())"


def program(body: str, own: Path, port: int, **options) -> Program:
    return Program(("python", "-IS", "-c", NOTE + body + STAY, str(own), str(port)), **options)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def own(tmp_path) -> Path:
    return tmp_path / "own"


def notes(own: Path) -> dict[str, float]:
    """Name → the clock that the program noted, s."""
    return {name: int(clock) / 1e9 for name, clock in (line.split(" ") for line in own.read_text().splitlines())}


def lag(launcher, body, own, port, ready) -> float:
    """Seconds from what the program noted to what was read."""
    target = launcher.start(program(body, own, port, ready=ready))
    target.wait_ready(60)
    ended = target.stop(0)
    (launcher.root / "ready").unlink(missing_ok=True)
    noted = notes(own)[""]
    assert ended.started < noted <= ended.ready <= ended.ended
    return ended.ready - noted


@pytest.mark.parametrize(
    ("form", "body"),
    [("stdout", LINE), ("file", FILE), ("notify", NOTIFIES), ("tcp", PORT), ("http", ANSWERS)],
    ids=["stdout", "file", "notify", "tcp", "http"],
)
def test_ready_is_seen_within_a_millisecond(launcher, free_port, own, form, body):
    ready = {
        "stdout": Ready(stdout="^ready$"),
        "file": Ready(file="ready"),
        "notify": Ready(notify=True),
        "tcp": Ready(tcp=free_port),
        "http": Ready(http=f"http://127.0.0.1:{free_port}/"),
    }[form]
    bound = SOON_BY_HTTP if form == "http" else SOON
    medians = []
    for _ in attempts():
        medians.append(statistics.median(lag(launcher, body, own, free_port, ready) for _ in range(LAUNCHES)))
        if medians[-1] <= bound:
            return
    pytest.fail(f"the median lag was {', '.join(f'{1e3 * median:.2f} ms' for median in medians)}")


@pytest.mark.parametrize(
    ("body", "ready"),
    [
        (STAMPS, Ready(stamp="ready")),
        (SAYS_ITS_STAMP, Ready(stdout=r"^ready at (?P<stamp>\d+)$")),
    ],
    ids=["file", "line"],
)
def test_a_stamp_is_taken_as_the_program_gave_it(launcher, free_port, own, body, ready):
    assert lag(launcher, body, own, free_port, ready) == 0.0


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        ("time.time_ns()", "gave a stamp that lies .* in the future"),
        ("time.process_time_ns()", "gave a stamp from .* before its own start"),
        ("time.monotonic()", r"gave the stamp '\d+\.\d+', which is no number of nanoseconds"),
    ],
)
def test_a_stamp_that_cannot_be_has_failed(launcher, free_port, own, stamp, message):
    body = f"print({stamp}, file=open('ready', 'w'), flush=True)"
    target = launcher.start(program(body, own, free_port, ready=Ready(stamp="ready")))
    with pytest.raises(Failed, match=message):
        target.wait_ready(60)


STAGED = """
note("up"); os.write(1, b"up\\n")
time.sleep(0.1)
note("port"); server = socket.create_server(("127.0.0.1", port))
time.sleep(0.1)
note("audio"); os.write(1, b"audio ready\\n")
"""


def stages(port: int) -> list[dict[str, object]]:
    return [
        {"name": "audio", "stdout": "^audio ready$"},
        {"name": "port", "tcp": port},
        {"name": "up", "stdout": "^up$"},
    ]


def test_stages_are_watched_at_the_same_time(launcher, free_port, own):
    command = list(program(STAGED, own, free_port).command)
    for _ in attempts():
        values = build("startup", {"command": command, "ready": stages(free_port)}).measure(launcher).values
        times = {name: values[f"{name}_time"] for name in ("up", "port", "audio")}
        assert values["ready_time"] == max(times.values())
        noted = notes(own)
        apart = {name: times[name] - times["up"] - (noted[name] - noted["up"]) for name in times}
        if max(map(abs, apart.values())) < 0.005:
            return
    pytest.fail(f"stages were read beside what the program noted: {apart}")


def test_a_death_between_stages_names_those_that_were_not_reached(launcher, free_port, own):
    target = launcher.start(
        program("os.write(1, b'up\\n'); sys.exit('no sound card')", own, free_port),
        stages=tuple(Stage(**stage) for stage in stages(free_port)),
    )
    with pytest.raises(Failed, match=r"exited with code 1 before it was ready \(not reached: audio, port\): no sound"):
        target.wait_ready(60)


REFUSES = ANSWERS.replace("0.02", "600")


@pytest.mark.parametrize(
    "form", ["stdout", "tcp", "http", "http that answers 500", "file", "notify", "stamp", "stages"]
)
def test_what_never_becomes_ready_times_out_and_leaves_nothing(tmp_path, free_port, own, form):
    url = f"http://127.0.0.1:{free_port}/health"
    ready, lack = {
        "stdout": ({"stdout": "never"}, "no line of stdout matched 'never'"),
        "tcp": ({"tcp": free_port}, f"nothing listened on port {free_port}"),
        "http": ({"http": url}, f"nothing answered at {url}"),
        "http that answers 500": ({"http": url}, f"{url} answered 503"),
        "file": ({"file": "never"}, "there was no file never"),
        "notify": ({"notify": True}, r"no READY=1 came to \$NOTIFY_SOCKET"),
        "stamp": ({"stamp": "never"}, "there was no stamp in never"),
        "stages": (stages(free_port), f"stage audio: .*; stage port: nothing listened on port {free_port}"),
    }[form]
    body = {"http that answers 500": REFUSES, "stages": "os.write(1, b'up\\n')"}.get(form, "")
    command = list(program(f"note(os.getpid())\n{body}", own, free_port).command)
    for seconds in (0.5, 2.0, 10.0):  # longer where a busy machine did not let it come as far as it goes
        with (
            pytest.raises(TimedOut, match=r"python\S* was not ready after \S+ s: ") as late,
            brief(tmp_path, seconds) as launcher,
        ):
            build("startup", {"command": command, "ready": ready}).measure(launcher)
        pids = re.findall(r"^\d+", own.read_text() if own.exists() else "")
        assert not any(Path("/proc", pid).exists() for pid in pids)
        if pids and re.search(f": {lack}$", str(late.value)):
            return
    pytest.fail(f"it said: {late.value}")


@contextmanager
def brief(tmp_path: Path, seconds: float):
    """A launch whose time is soon up."""
    with (
        LauncherClient.open() as client,
        client.launch(root=tmp_path, python=sys.executable, tmp=tmp_path, seed=1, timeout=seconds) as launcher,
    ):
        yield launcher


@pytest.mark.parametrize("form", ["stdout", "tcp", "http", "file", "notify", "stamp", "stages"])
def test_an_early_death_is_noticed_at_once_in_every_form(launcher, free_port, own, form):
    ready = {
        "stdout": {"stdout": "never"},
        "tcp": {"tcp": free_port},
        "http": {"http": f"http://127.0.0.1:{free_port}/"},
        "file": {"file": "never"},
        "notify": {"notify": True},
        "stamp": {"stamp": "never"},
        "stages": stages(free_port),
    }[form]
    command = list(program("sys.exit('no sound card')", own, free_port).command)
    with pytest.raises(Failed, match=r"exited with code 1 before it was ready.*: no sound card"):
        build("startup", {"command": command, "ready": ready}).measure(launcher)
    assert launcher.remaining > 60
