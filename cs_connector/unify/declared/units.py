"""Units of what a CRM counts in, by what they measure."""

from __future__ import annotations

from cs_connector.config.documents import suggest

# how many of the first unit of its kind one of each unit is
_MEASURES: dict[str, dict[str, float]] = {
    "a time": {
        "seconds": 1, "milliseconds": 0.001, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800,
    },
    "an amount of data": {
        "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    },
    "a share": {"share": 1, "percent": 0.01, "permille": 0.001},
    "a number": {"ones": 1, "thousands": 1e3, "millions": 1e6, "cents": 0.01},
    "something for each time": {"per year": 1, "per half-year": 2, "per quarter": 4, "per month": 12, "per week": 52, "per day": 365},
}  # fmt: skip
_KINDS = {unit: kind for kind, units in _MEASURES.items() for unit in units}


def mistake(told: str, wanted: str) -> tuple[str, str] | None:
    """What is wrong with turning one unit into another, and the fix."""
    for unit in (told, wanted):
        if unit not in _KINDS:
            return f"there is no unit {unit!r}", suggest(unit, _KINDS) or f"known: {', '.join(_KINDS)}"
    if _KINDS[told] != _KINDS[wanted]:
        fits = ", ".join(_MEASURES[_KINDS[told]])
        return (
            f"{told} is {_KINDS[told]} and {wanted} is {_KINDS[wanted]}",
            f"{told} can become: {fits}",
        )
    return None


def factor(told: str, wanted: str) -> tuple[float, float]:
    """By what to multiply, and then by what to divide: two numbers that need no rounding where one would."""
    units = _MEASURES[_KINDS[told]]
    return units[told], units[wanted]
