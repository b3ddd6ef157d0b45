"""Whether this process was asked to stop: libraries on the way may turn the signal into an error of theirs."""

from __future__ import annotations

_asked: list[int] = []


def note(number: int) -> None:
    """Remember a signal that asked us to stop."""
    _asked.append(number)


def code() -> int | None:
    """The exit code of a process that was asked to stop; None for one that was not."""
    return 128 + _asked[0] if _asked else None
