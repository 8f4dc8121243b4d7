"""The command line of the service: `python -m synth --port 8000`."""

import argparse
import asyncio
import sys
from collections.abc import Callable


def _between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be between {low} and {high}, not {value}")
        return value

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="synth",
        description="A polyphonic synthesiser: notes by HTTP, audio by WebSocket.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", type=_between(1, 65_535), required=True, help="TCP port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--voices", type=_between(1, 256), default=64, help="most voices at a time")
    parser.add_argument("--rate", type=_between(32_000, 192_000), default=48_000, help="sample rate in Hz")
    parser.add_argument("--block", type=_between(64, 16_384), default=960, help="frames of a stream's message")
    return parser


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    options = _parser().parse_args()
    # After the arguments: --help and a wrong option need neither numpy nor aiohttp.
    from synth.service import Settings, serve

    settings = Settings(options.host, options.port, options.rate, options.voices, options.block)
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        print(f"synth: cannot listen on {options.host}:{options.port}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
