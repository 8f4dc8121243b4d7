"""Names for what goes wrong with a request, so that errors can be counted by class."""

import os
import socket
import ssl

import aiohttp


def named(error: BaseException) -> str:
    """A short class for an exception of a request or stream."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status} instead of a WebSocket"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "disconnected"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or type(error).__name__).lower().replace('_', ' ')}"
    return _of_system(error)


def _of_system(error: BaseException) -> str:
    if isinstance(getattr(error, "os_error", error), socket.gaierror):  # its numbers are not the system's
        return "the name cannot be resolved"
    number = getattr(error, "errno", None)
    return type(error).__name__ if number is None else os.strerror(number).lower()
