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
        description="A polyphonic synthesiser: notes by HTTP and audio by WebSocket, or MIDI and audio through JACK.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--output", choices=("websocket", "jack"), default="websocket", help="where the audio goes")
    parser.add_argument("--port", type=_between(1, 65_535), help="TCP port to listen on, with --output websocket")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--voices", type=_between(1, 4096), default=64, help="most voices at a time")
    parser.add_argument("--rate", type=_between(32_000, 192_000), default=48_000, help="sample rate in Hz")
    parser.add_argument("--block", type=_between(64, 16_384), default=960, help="frames of a stream's message")
    parser.add_argument("--client", default="synth", help="name of the JACK client, with --output jack")
    parser.add_argument("--chord", type=_between(0, 4096), default=0, help="notes it begins with, with --output jack")
    return parser


def _play_on_jack(options: argparse.Namespace) -> int:
    from synth.jack_output import JackError, play

    try:
        play(options.client, options.voices, options.chord)
    except JackError as error:
        print(f"synth: {error}", file=sys.stderr)
        return 1
    return 0


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loop of uvloop where that is installed: a request costs it less."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    parser = _parser()
    options = parser.parse_args()
    if options.output == "jack":
        return _play_on_jack(options)
    if options.port is None:
        parser.error("--port is required, except with --output jack")
    # After the arguments: --help and a wrong option need neither numpy nor a server.
    from synth.service import Settings, serve

    settings = Settings(options.host, options.port, options.rate, options.voices, options.block)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(settings))
    except OSError as error:
        print(f"synth: cannot listen on {options.host}:{options.port}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
