"""What taking a run back would do, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from . import plan

_SHOWN = 10
Row = Mapping[str, Any]


def lines(head: Row) -> Iterator[str]:
    """A plan that takes a run back, as a plan is shown, and what it leaves."""
    yield _title(head)
    if any(c["created"] + c["updated"] + c["deleted"] for c in head["counts"]):
        yield from plan.lines(head)
    else:
        yield "nothing is to be taken back"
    yield from _left(head)


def done(head: Row, run: Row) -> Iterator[str]:
    """What was taken back, what was left, and what becomes of it in the next run."""
    yield f"{_title(head)}: run {run['run']}"
    for w in run["writes"]:
        yield (
            f"  {w['connection']} {w['object']}  {w['updated']:,} put back, {w['deleted']:,} deleted, "
            f"{w['created']:,} made again, {w['rejected']:,} refused"
        )
    yield from run["notes"]
    yield from _left(head)
    yield (
        "as long as the configuration is the one that this run had, plan and run stop before they write the same again: "
        'mend it, or look at it with: cs-connector plan, and say that it is right with: cs-connector apply --approve "WHY IT IS RIGHT"'
    )
    yield f"take this back with: cs-connector undo {run['run']}"


def _title(head: Row) -> str:
    told = head["undoes"]
    who = f" by {told['actor']}" if told["actor"] else ""
    return f"taking back run {told['run']} of {told['at'][:16].replace('T', ' ')} UTC{who}"


def _left(head: Row) -> Iterator[str]:
    if not head["left_count"]:
        return
    yield f"{head['left_count']:,} values and records are left as they are:"
    for why, count in Counter(row["why"] for row in head["left"]).most_common():
        yield f"  {count:,} {why}"
    for row in head["left"][:_SHOWN]:
        field = f".{row['field']}" if row["field"] else ""
        yield f"    {row['connection']} {row['object']} {row['record_id']}{field}"
    if head["left_count"] > _SHOWN:
        yield f"    and {head['left_count'] - _SHOWN:,} more"
