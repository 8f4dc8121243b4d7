"""Names for what goes wrong with a request, so that errors can be counted by class."""

import os
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
    number = getattr(error, "errno", None)
    if number is not None:
        return os.strerror(number).lower()
    return type(error).__name__
