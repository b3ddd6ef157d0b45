"""What is odd in rows and messages that count all the same: told once an object, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cs_connector.ports import RawRecord

from .source import Source

Odd = tuple[int, int, str]
"""Of one file: how many, and of the first its line and its text."""


def told(
    odd: Mapping[str, Odd], undated: Mapping[str, Odd], sources: Sequence[Source]
) -> Iterator[RawRecord]:
    """One record for all messages and one for all rows: many must not make their object one that cannot be read."""
    if odd:
        yield _headers(odd, sources)
    if undated:
        yield _dates(undated, sources)


def together(before: Odd | None, more: Odd | None) -> Odd | None:
    """Of a file that grew: what it had before, and what came."""
    return (before[0] + more[0], *before[1:]) if before and more else before or more


def _headers(odd: Mapping[str, Odd], sources: Sequence[Source]) -> RawRecord:
    first, line, headers, others = _first(odd, sources)
    more = f", as do headers of {others:,} other message{'' if others == 1 else 's'}" if others else ""
    why = (
        f"{headers} of the message that begins here holds bytes that are not of the character set that it names, or names one that "
        f"nobody knows{more}{_elsewhere(odd, first)}; it is kept as it was sent, and the messages count, with their addresses and "
        "dates. To be rid of this line, mend the headers, or take the file away"
    )
    return first.named(why, line)


def _dates(undated: Mapping[str, Odd], sources: Sequence[Source]) -> RawRecord:
    first, line, text, others = _first(undated, sources)
    more = f", nor in {others:,} other row{'' if others == 1 else 's'}" if others else ""
    why = (
        f"{text!r} in {first.modified} is no date like 2026-11-28{more}{_elsewhere(undated, first)}: the rows are read, but do not say "
        "up to when their object is complete, and where no row says it, it counts as complete up to when it was read. Write the "
        "dates as YEAR-MONTH-DAY, or take modified out of the settings of the object"
    )
    return first.named(why, line)


def _first(odd: Mapping[str, Odd], sources: Sequence[Source]) -> tuple[Source, int, str, int]:
    """The first file with any, the line and the text of the first in it, and how many others there are in all."""
    first = next(source for source in sources if source.name in odd)
    _, line, text = odd[first.name]
    return first, line, text, sum(count for count, _, _ in odd.values()) - 1


def _elsewhere(odd: Mapping[str, Odd], first: Source) -> str:
    files = [name for name in sorted(odd) if name != first.name]
    beyond = f" and {len(files) - 3:,} more files" if files[3:] else ""
    return f" (also in {', '.join(files[:3])}{beyond})" if files else ""
