"""Plays on a running synthesiser: starts notes and, for `--seconds`, listens to the stream as a user would."""

import argparse
import asyncio
import json
import urllib.request

WAVEFORMS = ("saw", "sine", "saw", "noise")


def start_notes(port: int, voices: int) -> None:
    """Start `voices` notes spread over four octaves. Raises URLError if the service does not answer."""
    notes = [{"pitch": 36 + 5 * n % 48, "waveform": WAVEFORMS[n % len(WAVEFORMS)]} for n in range(voices)]
    body = json.dumps({"start": notes}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/notes", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        playing = json.load(answer)["voices"]
    if playing != voices:
        raise SystemExit(f"{playing} voices play, not {voices}")


async def listen(port: int, seconds: float) -> None:
    """Receive the stream for a while."""
    import aiohttp

    async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://127.0.0.1:{port}/stream") as stream:
        try:
            async with asyncio.timeout(seconds):
                async for _ in stream:
                    pass
        except TimeoutError:
            return
    raise SystemExit("the stream ended early")


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--voices", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=0.0)
    options = parser.parse_args()
    start_notes(options.port, options.voices)
    if options.seconds:
        asyncio.run(listen(options.port, options.seconds))


main()
