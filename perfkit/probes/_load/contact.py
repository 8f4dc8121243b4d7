"""What is said where a service cannot be reached before the load."""

import os
import socket

from perfkit.model.errors import Failed


def unreached(host: str, port: int, error: OSError) -> Failed:
    """What to raise where no connection to `host` came about."""
    if isinstance(error, socket.gaierror):  # its numbers are not the system's
        return Failed(f"the name {host} cannot be resolved", hint="check the host of the `url`, or use an address")
    why = os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__
    why = "timeout" if isinstance(error, TimeoutError) else why
    return Failed(
        f"nothing accepts connections at {host}:{port} ({why})",
        hint="check the port, or let `service` start the program with a `ready` that fits",
    )
