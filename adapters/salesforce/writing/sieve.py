"""A call that is refused as a whole for the sake of a few records: those are found, and the others are written.

A fault that meets every record is not looked for in each: extra calls are bounded.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from cs_connector.errors import NotPermitted, Rejected
from cs_connector.ports import Receipt

from ..errors import Fault, OffLimits, Refused
from . import verdicts
from .collection import at_column
from .groups import Group

EXTRA, ALL_EXTRA = 64, 400  # calls beside the first: for one group, and for all that one sieve gets
# What is wrong with the call, whatever is in it.
_OF_ALL = frozenset(
    {"API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
     "INVALID_BATCH_SIZE", "INVALID_TYPE", "METHOD_NOT_ALLOWED", "NOT_FOUND", "NOT_IMPLEMENTED"}
)  # fmt: skip
_COLUMN = re.compile(r"No such column '([^']+)'")
_WHERE = re.compile(r"\[line:1, column:(\d+)\]")


class Sieve:
    """`send` writes one group. What it raises beside Rejected and NotPermitted passes through."""

    def __init__(self, send: Callable[[Group], list[Receipt]]) -> None:
        self._send, self._left = send, ALL_EXTRA
        self._hopeless: set[str] = set()  # codes of groups of which nothing could be saved

    def receipts(self, group: Group, found: dict[int, Receipt]) -> None:
        """Put the receipts of a group's changes where they belong."""
        search = _Search(group, min(EXTRA, self._left))
        while search.waiting:
            part = search.waiting.popleft()
            try:
                answers = self._send(part)
            except (Rejected, NotPermitted) as error:
                fault = _fault(error)
                if fault.code not in self._hopeless and search.goes_on(part, fault):
                    continue
                answers = _given_up(part, fault)
            else:
                search.passed(part)
            found.update(zip(part.places, answers, strict=True))
        self._left -= search.spent
        self._hopeless |= search.hopeless


class _Search:
    """What is still to be sent of one group; `most` are the calls that may be made besides."""

    def __init__(self, group: Group, most: int) -> None:
        self.waiting: deque[Group] = deque([group])
        self.spent, self._most, self._saved, self._guided = 0, most, False, True
        self._lost: set[str] = set()

    @property
    def hopeless(self) -> set[str]:
        return set() if self._saved else self._lost

    def passed(self, part: Group) -> None:
        """What was blamed and passes alone was blamed wrongly: then no hint is taken any more."""
        self._guided = self._guided and len(part) > 1
        self._saved = True

    def goes_on(self, part: Group, fault: Fault) -> bool:
        """Whether the parts of a refused part are tried."""
        pieces = _pieces(part, fault, guided=self._guided)
        if not pieces:
            return False
        if self.spent + len(pieces) > self._most:
            self._lost.add(fault.code)
            return False
        self.spent += len(pieces)
        self.waiting.extend(pieces)
        return True


def _fault(error: Rejected | NotPermitted) -> Fault:
    if isinstance(error, (Refused, OffLimits)):
        return error.fault
    return Fault(f"{error.what}: {error.why}" if error.why else error.what, error.code)


def _pieces(part: Group, fault: Fault, *, guided: bool) -> Sequence[Group]:
    """The parts to try; none where it is clear whom the fault concerns."""
    if len(part) == 1 or fault.code in _OF_ALL:
        return ()
    if column := _COLUMN.search(fault.message):
        having = [n for n, change in enumerate(part.changes) if column[1] in change.fields]
        return () if len(having) == len(part) else _split(part, having)
    blamed = _blamed(part, fault) if guided else None
    return _split(part, range(len(part) // 2) if blamed is None else (blamed,))


def _split(part: Group, chosen: Iterable[int]) -> Sequence[Group]:
    first = list(chosen)
    if not first or len(first) == len(part):
        first = list(range(len(part) // 2))
    return part.part(first), part.without(first)


def _blamed(part: Group, fault: Fault) -> int | None:
    """The record whose JSON could not be read, where the message says at which column."""
    where = _WHERE.search(fault.message)
    return at_column(part, int(where[1]) - 1) if where else None


def _given_up(part: Group, fault: Fault) -> list[Receipt]:
    """Refused: one record, or all for what every one of them shares. Else nobody knows whose fault it is."""
    if not _pieces(part, fault, guided=False):
        return [verdicts.refused(change, fault) for change in part.changes]
    why = "a record that was sent with it was refused"
    return [verdicts.later(change, fault.code, why) for change in part.changes]
