"""`perfkit load-worker`."""

from typing import Annotated

import typer

from perfkit.cli.talk import say
from perfkit.model.errors import UsageError


def load_worker(
    master: Annotated[
        str, typer.Option("--master", metavar="HOST[:PORT]", help="The machine that measures (port 5557 by default).")
    ],
    workers: Annotated[int, typer.Option(min=1, max=1024, help="Processes; one a core is a good number.")] = 1,
    loads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End after so many loads; by default with Ctrl-C.")
    ] = None,
) -> None:
    """Help another machine to send the load of a scenario with engine = "locust" and expect_workers.

    The worker needs no scenario: the measuring machine tells it what to send, when, and to which address, as data and
    never as code. It serves one launch after the other. The connection is neither encrypted nor authenticated: use it
    in a network that you trust.
    """
    import importlib.util

    from perfkit.probes._load.locust_settings import master_address
    from perfkit.running.load_workers import load_workers

    if importlib.util.find_spec("locust") is None:
        raise UsageError("Locust is not installed", hint="pip install 'perfkit[locust]'")
    try:
        host, port = master_address(master)
    except ValueError as error:
        raise UsageError(f"--master: {error}", hint="perfkit load-worker --master 192.0.2.7:5557") from None
    say(f"{workers} {'worker waits' if workers == 1 else 'workers wait'} for a load from {host}:{port}; Ctrl-C ends")
    with load_workers(host, port, workers, say) as serving:
        serving.wait(loads * workers if loads else None)
