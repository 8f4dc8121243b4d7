"""Opening a client, waiting for ports, and what every client tells of itself."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import signal
import sys
import threading
import time
from typing import Any, NoReturn

POLL = 0.005
SETUP = 8.0  # s: opening, activating and connecting take a tenth of one
_CLOSING = 2.0
HALF, WHOLE = 0x80000000, 0x100000000  # of the server's clock, which counts frames in 32 bits


def load_jack() -> Any:
    """The module `jack` on the libjack that LD_LIBRARY_PATH leads to, which the linker's cache does not know."""

    def find_library(name: str) -> str:
        return "lib%s.so.0" % name

    ctypes.util.find_library = find_library
    try:
        import jack
    except ImportError:
        sys.exit("%s has no JACK-Client: pip install JACK-Client there" % sys.executable)
    except OSError as error:
        sys.exit("JACK's library is missing: %s" % error)
    return jack


def open_client(jack: Any, name: str, deadline: float) -> Any:
    """A client of the server in the environment, tried until it answers. Exits with a sentence at the deadline."""
    jack.set_error_function(lambda _: None)
    jack.set_info_function(lambda _: None)
    while True:
        try:
            return jack.Client(name, no_start_server=True)
        except jack.JackOpenError as error:
            if time.monotonic() > deadline:
                give_up("the server does not answer: %s" % error)
            time.sleep(POLL)


def allow(seconds: float) -> None:
    """Let SIGALRM end this process after so long, or not at all for 0.

    PipeWire's library can wait for ever, within a call, for a server that is overloaded; only a signal ends that.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def wait_for_ports(client: Any, names: tuple[str, ...], deadline: float) -> None:
    """Wait until the server shows these ports. Exits with the names that are there instead."""
    while missing := set(names) - {port.name for port in client.get_ports()}:
        if time.monotonic() > deadline:
            there = [port.name for port in client.get_ports() if not port.name.startswith("perfkit-")]
            wanted = " and ".join(name for name in dict.fromkeys(names) if name in missing)
            give_up("the server has no port %s; it has %s" % (wanted, ", ".join(there) or "none"))
        time.sleep(POLL)


def expect(client: Any, kind: str, *names: str) -> None:
    """Exits with a sentence unless each of these ports, if named, is of `kind`, such as `an audio input`."""
    for name in filter(None, names):
        port = client.get_port_by_name(name)
        there = "%s %s" % ("a MIDI" if port.is_midi else "an audio", "input" if port.is_input else "output")
        if there != kind:
            give_up("the port %s is %s, and %s is needed" % (name, there, kind))


def leave(*clients: Any) -> None:
    """End this process, and its clients before it unless the server is too busy to let them go."""

    def close() -> None:
        for client in clients:
            client.deactivate()
            client.close()

    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    closing.join(_CLOSING)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def give_up(message: str) -> NoReturn:
    """Say why and end at once: an interpreter that ends by itself while a client is active may wait for it for ever."""
    sys.stderr.write(message.rstrip() + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def later(frame: int, earlier: int) -> int:
    """How many frames `frame` lies after `earlier` on a clock that wraps at 32 bits."""
    return (frame - earlier + HALF) % WHOLE - HALF


def pointer_of(thing: Any) -> int:
    """The C pointer behind a client or port of JACK-Client, which has no public way to some of JACK's functions."""
    import jack

    return int(jack._ffi.cast("uintptr_t", thing._ptr))  # noqa: SLF001
