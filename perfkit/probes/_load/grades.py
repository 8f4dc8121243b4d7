"""How far response times account for what a stall of the service costs those who would have come meanwhile.

Coordinated omission: a generator that waits for an answer sends nothing during a stall, so the stall appears as one
slow response in place of all that would have been due. Declarations only.
"""

from enum import StrEnum


class Grade(StrEnum):
    """What may be concluded from an engine's response times."""

    TRUE = "true"
    """They count from when each request was due."""
    APPROXIMATE = "approximate"
    """Requests leave by a schedule, but the times count from when each was really sent."""
    NONE = "none"
    """A closed loop: nobody is sent during a stall."""

    @property
    def said(self) -> str:
        """The grade in words, for reports."""
        return {
            Grade.TRUE: "coordinated omission accounted for",
            Grade.APPROXIMATE: "coordinated omission partly accounted for",
            Grade.NONE: "closed loop: coordinated omission",
        }[self]


TOOLS = {
    "wrk": Grade.NONE,
    "wrk2": Grade.TRUE,
    "vegeta": Grade.APPROXIMATE,
    "oha": Grade.TRUE,
    "k6": Grade.APPROXIMATE,
}
"""Foreign engines. wrk keeps its connections busy, times what it sends, and adds guesses of what stalls kept it from
sending. wrk2 and `oha -q --latency-correction` count from when each request was due, as their documentation says.
vegeta and k6 send by a schedule and count from the sending; what k6 had nobody to send with voids the launch."""
