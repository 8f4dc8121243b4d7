import sys
import threading

import pytest

from perfkit.cli import main
from perfkit.running.load_workers import load_workers


@pytest.mark.parametrize("address", [":5557", "host:", "host:port"])
def test_what_is_no_address_is_a_usage_error(address, capsys):
    assert main(["load-worker", "--master", address]) == 2
    said = capsys.readouterr().err
    assert "is not HOST or HOST:PORT" in said
    assert "perfkit load-worker --master" in said


def test_without_locust_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["load-worker", "--master", "127.0.0.1"]) == 2
    assert "pip install 'perfkit[locust]'" in capsys.readouterr().err


def test_a_worker_that_served_is_told_and_another_takes_its_place():
    told = []
    program = (sys.executable, "-c", "import sys; print('sent 5 requests', *sys.argv[1:])")
    with load_workers("192.0.2.1", 5557, 2, told.append, program=program) as workers:
        workers.wait(5)
    assert len(told) >= 5
    assert set(told) == {f"worker {number}: sent 5 requests 192.0.2.1 5557" for number in (1, 2)}


def test_a_worker_that_fails_is_started_again_and_all_end():
    told, twice = [], threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if len(told) == 2:
            twice.set()

    program = (sys.executable, "-c", "import sys; sys.exit(3)")
    with load_workers("192.0.2.1", 5557, 1, tell, program=program, breath=0.01):
        assert twice.wait(20)
    assert told[:2] == ["worker 1 ended with code 3; it is started again"] * 2
