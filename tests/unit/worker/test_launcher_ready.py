import re
import socket
import time
from contextlib import suppress

import pytest

from perfkit.worker.launcher.ready import Ready


@pytest.fixture
def free_port():
    """An even one, as connect(2) of Linux draws them for itself."""
    for _ in range(100):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1] + 1
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):  # unless somebody has that one
            return port
    return pytest.fail("every other port is taken")


def arrived(peer):
    try:
        return peer.recv(4096)
    except BlockingIOError:
        return b""


def soon(ready, until):
    """Check as the launcher does, each ms, until `until` says that it is enough."""
    for _ in range(2000):
        if until(ready.check()):
            return True
        time.sleep(0.001)
    return False


def test_a_line_counts_before_it_is_finished_and_across_reads():
    ready = Ready({"stdout": "audio ready$"})
    assert not ready.printed(b"not yet\naudio re")
    assert ready.printed(b"ady")
    assert not Ready({"stdout": "a.b"}).printed(b"a\nb")
    assert Ready({"stdout": "^listening$"}).printed(b"x\r\nlistening\r\ny")
    assert not Ready({}).printed(b"anything")


def test_a_stamp_in_a_line_counts_once_the_line_is_whole():
    ready = Ready({"stdout": r"ready at (?P<stamp>\d+)"})
    assert not ready.printed(b"ready at 12")
    assert ready.printed(b"345\n")
    ready.reach(7.0)
    assert ready.at == "12345"


def test_a_stamp_in_a_file_counts_once_its_line_is_whole_or_it_grows_no_more(tmp_path):
    file = tmp_path / "stamp"
    whole, growing = Ready({"stamp": str(file)}), Ready({"stamp": str(file)})
    assert not whole.check()
    file.write_text("12")
    assert not growing.check()
    file.write_text("123")
    assert not growing.check()
    assert growing.check()
    file.write_text("1234\n")
    assert whole.check()
    for ready, stamp in ((whole, "1234"), (growing, "123")):
        ready.reach(7.0)
        assert ready.at == stamp
    file.write_text("\n")
    assert not any(Ready({"stamp": str(file)}).check() for _ in range(2))


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(re.error):
        Ready({"stdout": "("})


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
def test_only_ready_among_notifications_counts(tmp_path):
    address = str(tmp_path / "notify")
    ready = Ready({"notify": address})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as program:
        program.sendto(b"STATUS=READY=1 soon", address)
        assert not ready.check()
        program.sendto(b"MAINPID=1\nREADY=1\n", address)
        assert ready.check()
    ready.close()
    assert ready.fd == -1


def test_a_port_that_nobody_listens_on_never_answers_itself(free_port):
    """The kernel lets a socket connect to itself where its own port happens to be the one dialled."""
    ready = Ready({"dial": ["127.0.0.1", free_port, ""]})
    assert not any(ready.check() for _ in range(40_000))
    with socket.create_server(("127.0.0.1", free_port)):
        assert soon(ready, bool)
    ready.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(b"HTTP/1.1 204 No Content\r\n\r\n", True), (b"HTTP/1.1 404 Not Found\r\n\r\n", False), (b"garbage\r\n", False)],
)
def test_an_answer_below_400_is_ready(answer, expected):
    with socket.create_server(("127.0.0.1", 0)) as server:
        ready = Ready({"dial": ["127.0.0.1", server.getsockname()[1], "GET / HTTP/1.1\r\n\r\n"]})
        ready.check()
        peer, _ = server.accept()
        peer.setblocking(False)
        with peer:
            received = bytearray()
            assert soon(ready, lambda _: received.extend(arrived(peer)) or b"\r\n\r\n" in received)
            assert received.startswith(b"GET / ")
            peer.sendall(answer[:5])
            assert not ready.check()
            peer.sendall(answer[5:])
            verdicts = []
            assert soon(ready, lambda verdict: verdicts.append(verdict) or ready.fd == -1)
            assert verdicts[-1] is expected
            assert ready.refused == (404 if b"404" in answer else 0)
