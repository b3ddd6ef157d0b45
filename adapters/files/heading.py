"""The first line of a CSV file: its columns, what stands between them, and whether the rows below can be believed."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from .rows import DELIMITERS
from .shape import Shape

_SHOWN = 20
_WIDE = ("\udcff\udcfe", "\udcfe\udcff")  # how UTF-16 begins, in text that was read as UTF-8


def columns(text: str, mark: str) -> list[str]:
    """The cells of a header; none where it is no line of CSV."""
    try:
        return next(csv.reader([text], delimiter=mark), [])
    except csv.Error:
        return []


def delimiter(first: str, shape: Shape) -> str:
    """The one that was set, or the one by which the first line has the columns that are needed."""
    if shape.delimiter:
        return shape.delimiter
    needed = set(shape.needed)

    def fit(mark: str) -> tuple[int, int]:
        found = columns(first, mark)
        return len(needed.intersection(found)), len(found)

    return max(DELIMITERS, key=fit)


def flaw(names: Sequence[str], needed: Sequence[str]) -> str:
    """Why no row below these columns can be read, and what helps; nothing where they can."""
    text = "".join(names)
    if wide(text):
        return "the file is UTF-16, not UTF-8: save it as UTF-8"
    if any("\udc80" <= char <= "\udcff" for char in text):
        return "a name of a column is not UTF-8: save the file as UTF-8"
    missing = [name for name in dict.fromkeys(needed) if name not in names]
    if missing:
        return f"there is no column {', '.join(missing)}{_found(names)}"
    return twice(names)


def twice(names: Sequence[str]) -> str:
    """What is wrong where two columns have the same name. Those without one are never read, and may be many."""
    for name, times in Counter(names).items():
        if name and times > 1:
            places = [str(place) for place, other in enumerate(names, 1) if other == name]
            listed = f"{', '.join(places[:-1])} and {places[-1]}"
            return (
                f"the column {name} is there {times} times, as columns {listed}, and nothing says which one counts: "
                "rename or leave out all but one, and put the file there again"
            )
    return ""


def wide(text: str) -> bool:
    """Whether text that was read as UTF-8 is UTF-16."""
    return text.startswith(_WIDE) or "\0" in text[:2]


def _found(names: Sequence[str]) -> str:
    if not any(names):
        return ": the first line is empty, and should name the columns"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    shown = [repr(name[:40]) if name != name.strip() else name[:40] for name in names[:_SHOWN]]
    return f"; the first line names {', '.join(shown)}{more}"
