"""The command line: one file a verb. `main` is the only catch and the only exit."""

import signal
import sys
import threading

from perfkit.model.errors import PerfkitError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the process's exit code (ARCHITECTURE: 0 to 5, 70, 130)."""
    from perfkit.cli.talk import complain, complain_of_system, interrupted, report_bug

    _end_as_interrupted()
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        from perfkit.cli.app import app

        app(args=typed, prog_name="perfkit", obj=tuple(typed))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 2
        return interrupted() if _is_interruption(ended) else code
    except PerfkitError as error:
        return complain(error)
    except KeyboardInterrupt:
        return interrupted()
    except OSError as error:
        return complain_of_system(error)
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a report of it
        return report_bug(error, typed)
    return 0


def _is_interruption(ended: SystemExit) -> bool:
    """Whether typer made it of a KeyboardInterrupt, about which it says nothing."""
    return isinstance(getattr(ended.__context__, "__cause__", None), KeyboardInterrupt)


def _end_as_interrupted() -> None:
    """SIGTERM and SIGHUP end perfkit as Ctrl-C does: cleaned up, with what was measured kept."""

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signal handler's form
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), interrupt)
