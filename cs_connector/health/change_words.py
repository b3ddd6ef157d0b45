"""What a part of a change is, in the words and the unit of who looks after the customer."""

from __future__ import annotations

from cs_connector.health.changes import Line, Mark, Reading
from cs_connector.health.words import half_up, plain, short

PERCENT = ("share", "ratio")
NO_MARK = Mark(None, None, known=False)


def told(line: Line, before: Reading, after: Reading, unit: str, reasons: dict[str, str]) -> str:
    """One line of why-changed, without its points; `reasons` are those of the caps that held, by override."""
    if line.measure is None:
        return _cap(line, before, after, reasons)
    was, now = (reading.marks.get(line.measure, NO_MARK) for reading in (before, after))
    if line.kind == "value":
        return step(was.value, now.value, unit)
    if line.kind == "coverage":
        return _coverage(was, now, unit)
    return "; ".join(_configuration(line.measure, before, after)) or "judged by another curve"


def amount(value: float | None, unit: str, digits: int = 0) -> str:
    """A value as people say it: 82 %, 12 tickets, 7.2 of 10."""
    if value is None:
        return "unknown"
    if unit in PERCENT:
        return f"{value * 100:.{digits}f} %" if digits else f"{half_up(value * 100)} %"
    number = _number(value, digits)
    one = number == "1" and unit.endswith("s") and not unit.endswith("ss")
    return f"{number} {unit.removesuffix('s') if one else unit}".rstrip()


def step(was: float | None, now: float | None, unit: str) -> str:
    """From one value to the other, as exactly as it takes to tell them apart; the unit is said once."""
    digits = next((n for n in range(4) if amount(was, unit, n) != amount(now, unit, n)), 4)
    first = amount(was, unit, digits)
    if was is not None and unit not in PERCENT:
        first = _number(was, digits)
    return f"{first} → {amount(now, unit, digits)}"


def _number(value: float, digits: int) -> str:
    return plain(value) if digits < 2 else f"{value:.{digits}f}"


def _coverage(was: Mark, now: Mark, unit: str) -> str:
    if now.score is None:
        return f"not known any more (was {amount(was.value, unit)})"
    if not now.known:
        since = f" of {short(now.since)}" if now.since else ""
        value = amount(now.value, unit)
        if was.score is not None and was.value != now.value:
            value = step(was.value, now.value, unit)
        return f"{'no new data' if was.known else 'carried'}: the last value{since} still counts, {value}"
    if was.score is None:
        return f"known now: {amount(now.value, unit)}"
    return f"known again: {step(was.value, now.value, unit)}"


def _configuration(measure: str, before: Reading, after: Reading) -> list[str]:
    one, two = before.basis.measures.get(measure), after.basis.measures.get(measure)
    if one is None or two is None:
        return ["new in the scorecard" if one is None else "not in the scorecard any more"]
    found = []
    if one.weight != two.weight:
        found.append(f"weight {plain(one.weight)} → {plain(two.weight)}")
    if (one.metric, one.measured) != (two.metric, two.measured):
        found.append("measured in another way")
    if (one.curve, one.by_segment) != (two.curve, two.by_segment):
        found.append("judged by another curve")
    return found


def _cap(line: Line, before: Reading, after: Reading, reasons: dict[str, str]) -> str:
    if line.override is None:
        return "the cap keeps this much from showing"
    reason = reasons.get(line.override) or line.override.replace("_", " ")
    if line.override != after.override:
        return f"no longer capped at {_limit(before)}: {reason}"
    if (before.override, before.cap) == (after.override, after.cap):
        return f"still capped at {_limit(after)}, which keeps this much from showing: {reason}"
    return f"capped at {_limit(after)}: {reason}"


def _limit(reading: Reading) -> str:
    return plain(reading.cap) if reading.cap is not None else "–"
