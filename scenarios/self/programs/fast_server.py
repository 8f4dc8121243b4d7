"""Answers every HTTP/1.1 request without a body at once, as fast as one core can: `fast_server.py PORT`.

It looks for nothing but the end of each request, so that what loads it is the limit.
"""

import asyncio
import sys

import uvloop

END = b"\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Answering(asyncio.Protocol):
    """One connection; a request may come in pieces, or several at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing."""
        self.transport = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come in full."""
        data = self.rest + data
        count = data.count(END)
        self.rest = data[data.rfind(END) + len(END) :] if count else data
        if count:
            self.transport.write(ANSWER * count)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port, backlog=1000)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
