"""How far doctor is, on stderr: one line that changes on a terminal, one line a session elsewhere."""

from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from perfkit.cli.talk import waiting_for
from perfkit.model.diagnosis import DoctorObserver
from perfkit.model.units import counted


class DiagnosisProgress(DoctorObserver):
    """Says which session is going on, how many pairs are done, and when the next session begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._session = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._status is not None:
            self._status.stop()

    def machine_held(self, holder: str) -> None:
        """Say at once why nothing begins."""
        self._console.print(Text(waiting_for(holder)), soft_wrap=True)

    def session_started(self, number: int, sessions: int) -> None:
        """A session begins."""
        self._session = f"session {number} of {sessions}"
        what = f"{self._session}: one unchanged program, launched in pairs"
        if self._console.is_terminal:
            self._show(what)
        else:
            self._console.print(Text(what))

    def pair_ended(self, pairs: int, of: int | None) -> None:
        """A pair is done."""
        self._show(f"{self._session}: {counted(pairs, 'pair') if of is None else f'{pairs} of {of} pairs'}")

    def waiting(self, seconds: float) -> None:
        """Time goes by."""
        self._show(f"{self._session} is kept; the next one in {seconds:.0f} s (Ctrl-C ends with what there is)")

    def _show(self, text: str) -> None:
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status(Text(text))
            self._status.start()
        else:
            self._status.update(Text(text))
