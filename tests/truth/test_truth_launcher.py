"""The light launcher against programs whose end, output, peak and moment of readiness are known."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from perfkit.instruments.process import LauncherClient
from perfkit.instruments.wire import COMMAND
from perfkit.model.errors import Failed, MeasurementError, TimedOut
from perfkit.model.launch import Program, Ready

MIB = 2**20
LAG = 0.050
ATTEMPTS = 8

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def python(code: str, **options) -> Program:
    return Program(("python", "-c", code), **options)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids_in(folder: Path, count: int) -> list[int]:
    """The process ids that programs wrote as file names into `folder`, once all are there."""
    deadline = time.monotonic() + 30
    while len(found := [int(file.name) for file in folder.iterdir()]) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


TREE = """
import os, sys, time
def note(): open(os.path.join({folder!r}, str(os.getpid())), "w").close()
if os.fork() == 0:
    os.setsid(); note()
    if os.fork() == 0:
        os.setsid(); note()
    time.sleep(600)
while len(os.listdir({folder!r})) < 2: time.sleep(0.01)
{then}
"""


def test_a_small_program_reads_small_from_a_large_parent():
    code = """
import sys, tempfile; from pathlib import Path
from perfkit.instruments.process import LauncherClient
from perfkit.model.launch import Program
ballast = bytearray(b"x") * (300 << 20)
with tempfile.TemporaryDirectory() as tmp, LauncherClient.open() as client:
    with client.launch(root=Path("/"), python=sys.executable, tmp=Path(tmp), seed=1, timeout=60) as launch:
        for usage in [launch.run(Program(("true",))).usage for _ in range(20)]: print(usage.peak_memory, usage.floor)
print(len(ballast))
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    *readings, ballast = told.stdout.splitlines()
    assert int(ballast) == 300 * MIB
    assert len(readings) == 20
    for peak, floor in (map(int, reading.split()) for reading in readings):
        assert peak <= floor < 12 * MIB


def test_what_a_program_leaves_behind_is_ended_and_counted(launcher, tmp_path):
    folder = tmp_path / "pids"
    folder.mkdir()
    ended = launcher.run(python(TREE.format(folder=str(folder), then="")), timeout=60)
    assert ended.code == 0
    assert not ended.usage.alone
    assert not any(exists(pid) for pid in pids_in(folder, 2))


def test_the_end_of_a_launch_ends_the_tree(tmp_path):
    folder = tmp_path / "pids"
    folder.mkdir()
    with LauncherClient.open() as client:
        with client.launch(root=tmp_path, python=sys.executable, tmp=tmp_path, seed=1, timeout=60) as launch:
            target = launch.start(python(TREE.format(folder=str(folder), then="time.sleep(600)")))
            tree = [target.pid, *pids_in(folder, 2)]
            assert all(exists(pid) for pid in tree)
        assert not any(exists(pid) for pid in tree)


def test_the_launchers_end_ends_the_tree(tmp_path):
    folder = tmp_path / "pids"
    folder.mkdir()
    code = f"""
import os, sys, time; from pathlib import Path
from perfkit.instruments.process import LauncherClient
from perfkit.model.launch import Program
with LauncherClient.open() as client:
    with client.launch(root=Path("/"), python=sys.executable, tmp=Path("/tmp"), seed=1, timeout=60) as launch:
        launch.start(Program(("python", "-c", {TREE.format(folder=str(folder), then="time.sleep(600)")!r})))
        while len(os.listdir({str(folder)!r})) < 2: time.sleep(0.01)
        os.kill(os.getpid(), 9)
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    tree = pids_in(folder, 2)
    deadline = time.monotonic() + 10
    while any(exists(pid) for pid in tree) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(exists(pid) for pid in tree)


def test_a_time_limit_ends_the_whole_group(launcher, tmp_path):
    folder = tmp_path / "pids"
    folder.mkdir()
    target = launcher.start(python(TREE.format(folder=str(folder), then="time.sleep(600)")))
    tree = [target.pid, *pids_in(folder, 2)]
    with pytest.raises(TimedOut, match=r"still ran after 0\.2 s"):
        target.wait(0.2)
    assert not any(exists(pid) for pid in tree)
    assert target.stop().stopped


def test_stop_asks_first_and_kills_after_its_grace(launcher):
    polite = launcher.start(python("import time; print('up'); time.sleep(600)", ready=Ready(stdout="up")))
    polite.wait_ready(60)
    assert polite.stop().code == -signal.SIGTERM
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
    deaf = launcher.start(python(code, ready=Ready(stdout="up")))
    deaf.wait_ready(60)
    assert deaf.stop(0.1).code == -signal.SIGKILL


def test_no_signal_is_ignored_or_blocked_in_a_program(launcher):
    status = launcher.run(Program(("cat", "/proc/self/status"))).stdout
    masks = re.findall(r"^Sig(?:Blk|Ign|Cgt):\s*(\w+)$", status, re.MULTILINE)
    assert len(masks) == 3
    ours = 2**31 - 1  # 32 and 33 belong to the C library, whose posix_spawn ignores them
    assert not any(int(mask, 16) & ours for mask in masks)


def test_output_is_drained_and_its_end_kept(launcher):
    lines = 640_000
    code = f"import sys\nfor n in range({lines}): sys.stdout.write(f'line {{n:010}}\\n')\nsys.stderr.write('e' * 10**7)"
    ended = launcher.run(python(code), timeout=100)
    assert len(ended.stdout) == 65536
    assert ended.stdout.endswith(f"line {lines - 1:010}\n")
    assert ended.stderr == "e" * 16384
    assert launcher.run(Program(("true",))).usage.floor < 12 * MIB


def test_output_is_drained_while_nobody_listens_to_the_launcher(launcher):
    chatter = python("import sys\nfor _ in range(100): sys.stdout.write('x' * 10**5)\nopen('done', 'w')")
    targets = [launcher.start(chatter) for _ in range(3)]
    done = launcher.root / "done"
    deadline = time.monotonic() + 60
    while not done.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert {target.wait(60).code for target in targets} == {0}


def test_a_program_that_cannot_be_started_says_why(launcher):
    root = launcher.root
    (root / "plain").write_text("hello")
    (root / "orphaned").write_text("#!/no/such/interpreter\n")
    (root / "binary").write_bytes(b"\x00\x01")
    for name in ("orphaned", "binary"):
        (root / name).chmod(0o755)
    for command, cwd, message in (
        (("no-such-command",), "", "command not found: 'no-such-command'"),
        (("./absent",), "", r"command not found: './absent' in"),
        (("./plain",), "", "may not be executed"),
        (("./orphaned",), "", "its interpreter .* does not exist"),
        (("./binary",), "", "is no program"),
        (("true",), "absent", "the working folder .*absent does not exist"),
    ):
        with pytest.raises(Failed, match=message):
            launcher.start(Program(command, cwd=cwd))
        with pytest.raises(Failed, match=message):
            launcher.run(Program(command, cwd=cwd))


def test_a_failure_repeats_what_the_program_said(launcher):
    with pytest.raises(Failed, match="exited with code 3: last\n  first\n  last") as failed:
        launcher.run(python("import sys; sys.stderr.write('first\\nlast\\n'); sys.exit(3)"))
    assert failed.value.hint.startswith("run it by hand: cd ")
    with pytest.raises(Failed, match="ModuleNotFoundError: No module named 'no_such_module'") as failed:
        launcher.run(python("import no_such_module"))
    assert launcher.python in failed.value.hint
    with pytest.raises(Failed, match="was killed by SIGABRT"):
        launcher.run(python("import os; os.abort()"))
    assert launcher.run(python("import sys; sys.exit(3)", exit_codes=(0, 3))).code == 3


@pytest.mark.parametrize("ready", [Ready(stdout="up"), Ready(tcp=1), Ready(notify=True), Ready(file="never")])
def test_an_early_death_is_noticed_at_once(launcher, ready):
    target = launcher.start(python("import sys; print('dying', file=sys.stderr); sys.exit(4)", ready=ready))
    with pytest.raises(Failed, match=r"exited with code 4 before it was ready \(awaited: .+\): dying"):
        target.wait_ready(60)


def test_what_is_never_ready_times_out(launcher):
    target = launcher.start(python("import time; time.sleep(600)", ready=Ready(notify=True)))
    with pytest.raises(TimedOut, match=r"was not ready after 0\.2 s"):
        target.wait_ready(0.2)


STAMP = "import time; print('stamp', time.monotonic(), flush=True)\n"
WAIT = "import time; time.sleep(600)\n"
LISTEN = "import socket; server = socket.create_server(('127.0.0.1', {port}))\n"
ANSWER = """
import socket, time
server = socket.create_server(("127.0.0.1", {port}))
until = time.monotonic() + 0.2
while True:
    peer, _ = server.accept()
    peer.recv(4096)
    status = b"503 Wait" if time.monotonic() < until else b"200 OK"
    if status[:1] == b"2": print('stamp', time.monotonic(), flush=True)
    peer.sendall(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")
    peer.close()
"""
NOTIFY = """
import os, socket, time
address = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.sendto(b"STATUS=nearly", address)
time.sleep(0.1)
print("stamp", time.monotonic(), flush=True)
sock.sendto(b"STATUS=up\\nREADY=1", address)
"""


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("whole line", STAMP + WAIT),
        ("part of a line", STAMP.replace(", flush", ", end='', flush") + WAIT),
        ("tcp", "import time; time.sleep(0.1)\n" + STAMP + LISTEN + WAIT),
        ("http", ANSWER),
        ("notify", NOTIFY + WAIT),
        ("file", "import time; time.sleep(0.1)\n" + STAMP + "open('ready', 'w')\n" + WAIT),
    ],
)
def test_ready_is_read_soon_after_it_is(launcher, free_port, form, code):
    ready = {
        "tcp": Ready(tcp=free_port),
        "http": Ready(http=f"http://127.0.0.1:{free_port}/health?x=1"),
        "notify": Ready(notify=True),
        "file": Ready(file="ready"),
    }.get(form, Ready(stdout=r"^stamp \d+\.\d+"))
    for _ in range(ATTEMPTS):
        target = launcher.start(python(code.replace("{port}", str(free_port)), ready=ready))
        target.wait_ready(60)
        ended = target.stop()
        stamp = float(ended.stdout.split()[1])
        assert ended.ready is not None
        assert ended.started < stamp <= ended.ready <= ended.ended
        (launcher.root / "ready").unlink(missing_ok=True)
        if ended.ready - stamp < LAG:
            return
    pytest.fail(f"ready was read {ended.ready - stamp:.3f} s late, {ATTEMPTS} times")


def test_a_ready_file_that_is_there_before_is_refused(launcher):
    (launcher.root / "ready").touch()
    with pytest.raises(Failed, match="is there before the start"):
        launcher.start(python(WAIT, ready=Ready(file="ready")))


@pytest.mark.parametrize("form", ["tcp", "http://127.0.0.1", "http://localhost"])
def test_a_port_that_somebody_else_listens_on_is_refused(launcher, free_port, form):
    ready = Ready(tcp=free_port) if form == "tcp" else Ready(http=f"{form}:{free_port}/")
    with socket.create_server(("127.0.0.1", free_port)):
        with pytest.raises(Failed, match=f"port {free_port} is already taken") as refused:
            launcher.start(python(WAIT, ready=ready))
        assert "{port}" in refused.value.hint
    launcher.start(python(WAIT, ready=ready)).stop()


def test_one_that_waits_for_a_core_has_a_run_delay(launcher):
    one_core = "import os, time\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    spin = one_core + "end = time.monotonic() + 1\nwhile time.monotonic() < end: pass"
    rivals = [launcher.start(python(spin)) for _ in range(2)]
    delays = [rival.wait(60).usage.run_delay for rival in rivals]
    assert min(delays) > 0.2


def test_alone_tells_whether_there_ever_was_a_child(launcher):
    with_child = "import subprocess; subprocess.run(['true'])"
    unreaped = "import signal, os\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nif not os.fork(): os._exit(0)"
    threads = "import threading; t = threading.Thread(target=print); t.start(); t.join()"
    assert [launcher.run(python(code)).usage.alone for code in (with_child, unreaped, threads, "pass")] == [
        False,
        False,
        True,
        True,
    ]


def test_a_cgroup_reads_the_whole_tree_and_is_removed(launcher):
    code = "import os\nfor _ in range(2): os.fork()\nx = bytearray(30 << 20)\nimport time; time.sleep(1)\nos.getpid()"
    target = launcher.start(python(code), cgroup=True)
    name = re.search("perfkit-[0-9-]+", Path("/proc", str(target.pid), "cgroup").read_text())
    ended = target.wait(60)
    if ended.cgroup_peak is None:
        pytest.skip("no memory cgroup can be made here")
    assert name is not None
    assert 115 * MIB < ended.cgroup_peak < 200 * MIB
    assert ended.cgroup_method.startswith("cgroup memory.")
    assert list(Path("/sys/fs/cgroup").rglob(name[0])) == []


def test_the_environment_and_the_place(launcher, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s")
    monkeypatch.setenv("MINE", "1")
    (launcher.root / "inside").mkdir()
    names = "SECRET_TOKEN", "MINE", "A"
    code = f"import os, sys; print(os.getcwd(), sys.executable, *(os.environ.get(name) for name in {names}))"
    ended = launcher.run(python(code, cwd="inside", env={"A": "b"}, env_pass=("MINE",)))
    assert ended.stdout.split() == [str(launcher.root / "inside"), launcher.python, "None", "1", "b"]
    assert launcher.run(python("import sys; print(repr(sys.stdin.read()))")).stdout == "''\n"


def test_ends_are_seen_where_the_caller_ignores_those_of_its_children(tmp_path):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        client = LauncherClient()
    finally:
        signal.signal(signal.SIGCHLD, before)
    with (
        closing(client),
        client.launch(root=tmp_path, python=sys.executable, tmp=tmp_path, seed=1, timeout=60) as launch,
    ):
        assert launch.run(Program(("true",))).code == 0


def test_without_pidfd_the_loop_notices_ends_as_well(monkeypatch, tmp_path):
    *start, code = COMMAND
    monkeypatch.setattr("perfkit.instruments.wire.COMMAND", (*start, "import os; del os.pidfd_open; " + code))
    with (
        LauncherClient.open() as client,
        client.launch(root=tmp_path, python=sys.executable, tmp=tmp_path, seed=1, timeout=60) as launch,
    ):
        ended = launch.run(python("import time; time.sleep(.3); print('out')"))
        assert (ended.code, ended.stdout) == (0, "out\n")
        assert ended.wall_time > 0.3
        with pytest.raises(TimedOut):
            launch.run(python(WAIT), timeout=0.2)


def kill_and_wait(pid, target):
    os.kill(pid, signal.SIGKILL)
    target.wait(30)


def test_a_launcher_that_died_is_replaced(tmp_path):
    options = {"root": tmp_path, "python": sys.executable, "tmp": tmp_path, "seed": 1, "timeout": 60}
    with LauncherClient.open() as client:
        with pytest.raises(MeasurementError, match="launcher ended"), client.launch(**options) as launch:
            kill_and_wait(client.pid, launch.start(python(WAIT)))
        with client.launch(**options) as launch:
            assert launch.run(Program(("true",))).code == 0
