"""Answers any request at once with SIZE bytes: `network_service.py PORT SIZE`."""

import asyncio
import sys


class Answer(asyncio.Protocol):
    size = 0

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size + bytes(self.size))


async def serve(port: int, size: int) -> None:
    Answer.size = size
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", port, backlog=1000)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
