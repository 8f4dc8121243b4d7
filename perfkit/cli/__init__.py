"""The command line: one file a verb. `main` is the only catch and the only exit."""

import sys

from perfkit.model.errors import PerfkitError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the process's exit code (ARCHITECTURE: 0 to 5, 70, 130)."""
    from perfkit.cli.app import app
    from perfkit.cli.talk import complain, interrupted, report_bug

    typed = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=typed, prog_name="perfkit", obj=tuple(typed))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 2
    except PerfkitError as error:
        return complain(error)
    except KeyboardInterrupt:
        return interrupted()
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a report of it
        return report_bug(error, typed)
    return 0
