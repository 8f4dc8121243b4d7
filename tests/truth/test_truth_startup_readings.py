"""What a start may be asked for beside its clocks, on known programs: instructions, a cold cache, imports."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from perfkit.instruments.instruction_count import _perf_counts
from perfkit.instruments.page_cache import IN_MEMORY, file_system
from perfkit.model.errors import Invalid, Skipped
from perfkit.model.metric import Kind
from perfkit.probes import build

pytestmark = [pytest.mark.machine, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

MIB = 2**20


def startup(*command, **settings):
    return build("startup", {"command": list(command), **settings})


@pytest.fixture
def valgrind(require):
    require(shutil.which("valgrind"), "apt-get install valgrind")


@pytest.mark.usefixtures("valgrind")
@pytest.mark.parametrize("command", [("/bin/true",), ("python", "-S", "-c", "pass")], ids=["true", "python"])
def test_three_counts_of_one_program_are_equal_to_the_digit(launcher, command):
    measured = [startup(*command, instructions="valgrind").measure(launcher) for _ in range(3)]
    counts = [each.values["instructions"] for each in measured]
    assert counts[0] == counts[1] == counts[2] > 10_000
    assert {metric.method for each in measured for metric in each.metrics} == {"valgrind"}


@pytest.mark.usefixtures("valgrind")
def test_more_work_is_more_instructions(launcher):
    def count(loops):
        code = f"i=0; while [ $i -lt {loops} ]; do i=$((i+1)); done"
        return startup("/bin/sh", "-c", code, instructions="valgrind").measure(launcher).values["instructions"]

    once, twice, thrice = count(12_000), count(14_000), count(16_000)
    assert twice - once == pytest.approx(thrice - twice, rel=0.01)
    assert twice - once > 2_000 * 100


@pytest.mark.usefixtures("valgrind")
def test_programs_that_a_program_starts_are_counted_with_it(launcher):
    alone, several = (
        startup("/bin/sh", "-c", command, instructions="valgrind").measure(launcher).values["instructions"]
        for command in (":", "/bin/true; /bin/true")
    )
    child = startup("/bin/true", instructions="valgrind").measure(launcher).values["instructions"]
    assert several - alone > 1.5 * child


@pytest.mark.usefixtures("valgrind")
def test_a_program_that_stays_is_counted_until_it_was_ended(launcher):
    probe = startup("/bin/sh", "-c", "echo up; read line <fifo", ready={"stdout": "^up$"}, instructions="valgrind")
    os.mkfifo(launcher.root / "fifo")
    first, second = (probe.measure(launcher).values["instructions"] for _ in range(2))
    assert first == second > 10_000


def test_the_processors_own_counters_agree_with_themselves_or_are_said_to_be_missing(launcher):
    probe = startup("/bin/true", instructions="perf")
    if not _perf_counts():
        with pytest.raises(Skipped, match="the processor's counters cannot be read here"):
            probe.measure(launcher)
        return
    counts = [probe.measure(launcher).values["instructions"] for _ in range(3)]
    assert max(counts) == pytest.approx(min(counts), rel=0.02)


STAND_IN = """#!/bin/sh
out=/dev/stderr
shift 5
if [ "$1" = -o ]; then out=$2; shift 3; fi
"$@"
echo '4242,,instructions:u,1000,100.00,,' >"$out"
"""


@pytest.fixture
def _perf_that_counts(tmp_path, monkeypatch):
    """A perf as it is where the processor has counters, for machines whose processor is virtual."""
    (tmp_path / "perf").write_text(STAND_IN)
    (tmp_path / "perf").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    _perf_counts.cache_clear()
    yield
    _perf_counts.cache_clear()


@pytest.mark.usefixtures("_perf_that_counts")
@pytest.mark.parametrize("stays", [False, True], ids=["that ends", "that stays"])
def test_perf_outlives_the_program_that_it_counts(launcher, stays):
    command = ("/bin/sh", "-c", "echo $$ >>pids; echo up; read line <fifo") if stays else ("/bin/true",)
    os.mkfifo(launcher.root / "fifo")
    measured = startup(*command, ready={"stdout": "up"} if stays else {}, instructions=True).measure(launcher)
    assert measured.values["instructions"] == 4242
    assert [(metric.method, metric.kind) for metric in measured.metrics] == [("perf", Kind.NOISY)]
    if stays:
        pids = (launcher.root / "pids").read_text().split()
        assert len(pids) == 2
        assert not any(Path("/proc", pid).exists() for pid in pids)


@pytest.fixture
def on_disk(launcher):
    if file_system(launcher.root) in IN_MEMORY:
        pytest.skip("TMPDIR lies in memory; set it to a folder on a disk")
    (launcher.root / "samples.bin").write_bytes(os.urandom(8 * MIB))
    (launcher.root / "engine").mkdir()
    (launcher.root / "engine" / "__init__.py").write_text("")
    (launcher.root / "engine" / "__main__.py").write_text("import sys\nopen(sys.argv[1], 'rb').read()\n")
    return launcher


def test_a_cold_start_reads_its_files_from_the_disk(on_disk):
    probe = startup("python", "-m", "engine", "samples.bin", cache="cold")
    for _ in range(2):
        facts = dict(probe.measure(on_disk).details[0].rows)
        count, _, size = facts["dropped from the page cache"].partition(" files, ")
        assert int(count) > 10
        assert float(size.removesuffix(" MB")) > 8
        read, unit = facts["read from the disk"].split()
        assert unit == "MB"
        assert float(read) > 8


def test_a_start_on_a_file_system_in_memory_is_never_cold(launcher):
    folder = Path("/dev/shm")
    if not (folder.is_dir() and file_system(folder) in IN_MEMORY):
        pytest.skip("no file system in memory here")
    copy = folder / f"perfkit-{os.getpid()}"
    shutil.copy("/bin/true", copy)
    try:
        with pytest.raises(Invalid, match=r"the start would not be cold: perfkit-\d+ lies on tmpfs"):
            startup(str(copy), cache="cold").measure(launcher)
    finally:
        copy.unlink()


@pytest.mark.parametrize("through_a_shell", [False, True], ids=["python", "a wrapper"])
def test_the_dear_import_stands_out_under_what_imported_it(launcher, through_a_shell):
    (launcher.root / "slow_part.py").write_text("import time\ntime.sleep(0.2)\n")
    (launcher.root / "whole_app.py").write_text("import slow_part\n")
    (launcher.root / "run").write_text("#!/bin/sh\nexec python3 whole_app_main.py\n")
    (launcher.root / "run").chmod(0o755)
    (launcher.root / "whole_app_main.py").write_text("import whole_app\nprint('up', flush=True)\n")
    command = ["./run"] if through_a_shell else ["python", "whole_app_main.py"]
    tree, heaviest = startup(*command, importtime=True).measure(launcher).details
    names = [name.strip("\u00a0") for name, _ in tree.rows]
    depths = {name.strip("\u00a0"): len(name) - len(name.lstrip("\u00a0")) for name, _ in tree.rows}
    assert names[:2] == ["whole_app", "slow_part"]
    assert depths["slow_part"] > depths["whole_app"] == 0
    assert heaviest.rows[0][0] == "slow_part"
    assert float(heaviest.rows[0][1].split()[0]) >= 200
