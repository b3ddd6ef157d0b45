"""A plan on a terminal: totals first, then a few of each kind, whatever there is of it; 80 columns and no colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from textwrap import wrap
from typing import Any

from cs_connector.act.guarding.guard import counted
from cs_connector.act.planfile import PlanFile

from .reports import waits

Row = Mapping[str, Any]
WIDTH = 80
SAMPLES, PLACES = 5, 7  # changes shown of all objects together; more where so many objects have one each
NOTES = 3
REASONS = 3  # shown of those for which accounts are not scored
FIELDS = 2  # fields shown of each of them
MARKS = {"create": "+", "update": "~", "clear": "−", "delete": "×"}
_LOW = ("red", "unknown", "yellow", "green")


def lines(head: Row) -> Iterator[str]:
    """The whole of it, in some fifty lines."""
    yield f"plan {head['plan']}   as of {head['as_of']}   good until {_moment(head['expires_at'])}"
    yield from _people(head["population"])
    yield ""
    yield from _totals(head)
    yield from _tasks(head["tasks"])
    for text in waits(head.get("waiting", ()), 3):
        yield from _told(f"       {text}", 7, most=2)
    yield from _bands(head["bands"])
    yield from _samples(head["samples"])
    yield ""
    yield from _guard(head)
    yield from _ending(head)


def _moment(text: str) -> str:
    return text[:16].replace("T", " ") + " UTC"


def _people(people: Row) -> Iterator[str]:
    told = [
        f"{people.get(status, 0):,} {called}"
        for status, called in (
            ("Customer", "customers"),
            ("Trial", "trials"),
            ("Former customer", "former"),
            ("Not scored", "not scored"),
        )
    ]
    yield f"{people['accounts']:,} accounts: {', '.join(told)}"
    reasons = _most(people["reasons"])
    why = [f"{count:,} {reason}" for reason, count in reasons[:REASONS]]
    if more := sum(count for _, count in reasons[REASONS:]):
        why.append(f"{more:,} for other reasons")
    if why:
        yield from _told("  not scored: " + " · ".join(why), 4, most=2)


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _totals(head: Row) -> Iterator[str]:
    counts = head["counts"]
    if not any(_changed(c) for c in counts):
        return
    calls = {(c["connection"], o["object"]): o["needed"] for c in head["calls"] for o in c["objects"]}
    yield f"{'':33}{'create':>8}{'update':>9}{'clear':>8}{'same':>10}{'calls':>8}"
    for c in counts:
        name = _short(f"{c['connection']} {c['object']}", 32)
        needed = calls.get((c["connection"], c["object"]), 0)
        numbers = f"{c['created']:>8,}{c['updated']:>9,}{c['clearing']:>8,}{c['unchanged']:>10,}{needed:>8,}"
        yield f"{name:33}{numbers}"
        if c["deleted"]:
            yield f"  {c['deleted']:,} are deleted"
    yield from _told("calls  " + " · ".join(map(_quota, head["calls"])), 7, most=3)
    yield ""


def _quota(call: Row) -> str:
    left = "" if call["left"] is None else f" of {call['left']:,} left today"
    share = f" ({call['share']:.1%})" if (call.get("share") or 0) >= 0.0005 else ""
    return f"{call['connection']} {call['needed']:,}{left}{share}"


def _tasks(tasks: Row) -> Iterator[str]:
    if not any((tasks["opened"], tasks["text"], tasks["owner"], tasks["other"], tasks["held"])):
        return
    held = sum(tasks["held"].values())
    why = ", ".join(f"{count:,} {reason}" for reason, count in _most(tasks["held"]))
    told = f"tasks  {tasks['opened']:,} opened, {tasks['text']:,} get another text, {tasks['owner']:,} another owner"
    yield from _told(told + (f", {held:,} held back ({why})" if held else ", none held back"), 7, most=3)


def _bands(moved: Sequence[Row], shown: int = 3) -> Iterator[str]:
    if not moved:
        yield "bands  no account changes band"
        return
    pairs = Counter((m["from"], m["to"]) for m in moved)
    told = [f"{a} to {b} {n:,}" for (a, b), n in sorted(pairs.items(), key=lambda p: _worst(*p[0]))]
    what = "1 account changes" if len(moved) == 1 else f"{len(moved):,} accounts change"
    yield from _told(f"bands  {what} band: {', '.join(told)}", 7, most=2)
    for m in sorted(moved, key=lambda m: _worst(m["from"], m["to"]))[:shown]:
        yield _short(f"       {m['account']}  {m['from']} to {m['to']}{_money(m)}", WIDTH)
        if m["why"]:
            yield _short(f"         {m['why']}", WIDTH)


def _worst(before: str, after: str) -> tuple[bool, int, int]:
    """Falls before rises, the lowest end first."""
    one, two = (_LOW.index(b) if b in _LOW else len(_LOW) for b in (before, after))
    return two > one, two, -one


def _money(row: Row) -> str:
    revenue = row.get("revenue")
    return "" if revenue is None else "  " + f"{revenue:,.0f} {row.get('currency') or ''}".strip() + " a year"


def _samples(samples: Sequence[Row]) -> Iterator[str]:
    """One of each object, then more; tasks, which people meet first, before the others, and no heartbeat."""
    told = sorted((s for s in samples if s.get("source") != "heartbeat"), key=_place)
    places = [_in_turn(rows) for _, rows in groupby(told, key=_place)]
    most = max(SAMPLES, min(len(places), PLACES))
    chosen = _round(places)[:most]
    if chosen:
        yield ""
    for (_, connection, name), rows in groupby(sorted(chosen, key=_place), key=_place):
        yield f"for example {connection} {name}"
        for row in rows:
            yield from _brief(row)


def _in_turn(samples: Iterable[Row]) -> list[Row]:
    """One of each kind of change, then the others."""
    return _round([list(rows) for _, rows in groupby(samples, key=lambda s: str(s["kind"]))])


def _round(lists: Sequence[Sequence[Row]]) -> list[Row]:
    """The first of each, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [rows[turn] for turn in range(longest) for rows in lists if turn < len(rows)]


def _place(sample: Row) -> tuple[bool, str, str]:
    return sample.get("source") != "call", sample["connection"], sample["object"]


def change(row: Row, kind: str, most: int) -> Iterator[str]:
    """One change, a field a line; those that are emptied come first."""
    yield _named(row, kind)
    fields = sorted(row["fields"].items(), key=lambda f: f[1][1] is not None)
    yield from (_short(f"      {_told_of(kind, *field)}", WIDTH) for field in fields[:most])


def _brief(row: Row) -> Iterator[str]:
    """One change in two lines."""
    yield _named(row, row["kind"])
    fields = sorted(row["fields"].items(), key=lambda f: f[1][1] is not None)
    more = f", and {len(fields) - FIELDS} more" if len(fields) > FIELDS else ""
    told = ", ".join(_told_of(row["kind"], *field) for field in fields[:FIELDS])
    yield _short(f"      {told}", WIDTH - len(more)) + more


def _named(row: Row, kind: str) -> str:
    return _short(f"  {MARKS[kind]} {row.get('name') or row['key']}{_money(row)}", WIDTH)


def _told_of(kind: str, name: str, pair: Sequence[Any]) -> str:
    """A field; of a record that goes, what stands in it."""
    return f"{name}: {_value(pair[0])}" if kind == "delete" else _field(name, pair)


def _field(name: str, pair: Sequence[Any]) -> str:
    before, after = pair
    was = "" if before is None else f"{_value(before)} to "
    return f"{name}: {was}{_value(after)}"


def _value(value: Any) -> str:
    return "(empty)" if value is None else _short(" ".join(str(value).split()), 60)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _told(text: str, indent: int, most: int) -> list[str]:
    """A sentence in lines of the width, at most so many."""
    found = wrap(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    found = [_short(line, WIDTH) for line in found]
    return found if len(found) <= most else [*found[: most - 1], _short(found[most - 1] + " …", WIDTH)]


def _guard(head: Row, shown: int = 4) -> Iterator[str]:
    """Broken limits each; of those that hold, how many, and the one that is closest to its end."""
    kept = [g for g in head["guard"] if g["ok"]]
    stopped = [g for g in head["guard"] if not g["ok"]]
    for g in stopped[:shown]:
        detail = f" ({g['detail']})" if g.get("detail") else ""
        yield from _told(f"STOP  {_limit(g)}{detail}", 6, most=3)
    if len(stopped) > shown:
        yield f"STOP  and {len(stopped) - shown} limits more"
    if stopped and head.get("changed_files"):
        yield from _told(f"      changed since the last write: {', '.join(head['changed_files'])}", 6, most=2)
    if kept:
        closest = max(kept, key=_near)
        near = f"; closest: {_limit(closest)}" if _near(closest) else ""
        yield from _told(f"ok    {len(kept)} limits hold{near}", 6, most=2)
    if head["held"]["values"]:
        yield from _told(f"held  {head['held']['text']}", 6, most=3)
    notes = head.get("notes", ())
    for note in notes[:NOTES]:
        yield from _told(f"note  {note}", 6, most=2)
    if len(notes) > NOTES:
        yield f"note  and {len(notes) - NOTES} more: cs-connector plan --json"
    for note in head["held"].get("notes", ()):
        yield from _told(f"note  {note}", 6, most=3)


def _near(g: Row) -> float:
    """How near a figure is to its limit; where all are new at first, nothing limits."""
    return g["figure"] / g["limit"] if g["limit"] > g["figure"] else 0.0


def _limit(g: Row) -> str:
    where = f"{g['connection']}: " if g.get("connection") else ""
    return f"{where}{counted(g['figure'], g.get('text') or g['rule'])}, at most {g['limit']:,.0f}"


def _changed(count: Row) -> int:
    """How many records of an object change."""
    return int(count["created"] + count["updated"] + count["deleted"])


def _ending(head: Row) -> Iterator[str]:
    total = sum(_changed(c) for c in head["counts"])
    written = {c["connection"] for c in head["counts"] if _changed(c)}
    new = [c for c in head["connections"] if c["name"] in written and not c["approved"]]
    for c in new:
        kind = "a sandbox" if c["sandbox"] else "production"
        yield from _told(
            f"NEW   the first write to {c['org'] or c['name']} ({kind}, {c['org_id']})", 6, most=2
        )
    if head["stopped"]:
        yield from _told(f"STOP  all writes are stopped: {head['stopped']}", 6, most=2)
    yield ""
    if not total:
        yield "Nothing to change."
        return
    needs = bool(new) or not all(g["ok"] for g in head["guard"])
    first = next(c for c in head["counts"] if _changed(c))
    yield f"{total:,} changes, nothing is written"
    yield f"  see more with:    cs-connector plan --show {first['connection']}.{first['object']}"
    yield '                    cs-connector plan --account "NAME"'
    told = "if it is right:" if needs else "write it with: "
    approve = ' --approve "WHY IT IS RIGHT"' if needs else ""
    yield f"  {told}   cs-connector apply{approve}"


def listed(file: PlanFile, show: str | None, account: str | None, count: int) -> Iterator[str]:
    """The first changes of an object, of whatever carries a name, or of all."""
    head = file.head
    yield f"plan {head['plan']}   as of {head['as_of']}   good until {_moment(head['expires_at'])}"
    found, shown, above = matching(file.rows(), show, account), 0, ""
    for row in islice(found, count):
        shown += 1
        heading = f"{row['connection']} {row['object']}"
        if heading != above:
            yield heading
        above = heading
        yield from change(row, _kind(row), most=40)
    more = sum(1 for _ in found)
    if more:
        yield f"and {more:,} changes more: --list {shown + more}"
    elif not shown:
        there = [f"{c['connection']}.{c['object']}" for c in head["counts"] if _changed(c)]
        yield from _told(
            f"nothing of that is in the plan; it changes {', '.join(there) or 'nothing'}", 2, most=4
        )


def _kind(row: Row) -> str:
    emptied = any(before is not None and after is None for before, after in row["fields"].values())
    return "clear" if row["action"] == "update" and emptied else str(row["action"])


def matching(rows: Iterable[Row], show: str | None, account: str | None) -> Iterator[Row]:
    """Changes of `show`, a connection or a connection and an object with a dot between, in whose name `account` stands."""
    wanted = account.casefold() if account else None
    for row in rows:
        at = (row["connection"], f"{row['connection']}.{row['object']}")
        if show is not None and show not in at:
            continue
        if (
            wanted is None
            or wanted in str(row["name"]).casefold()
            or account in (row["key"], row["record_id"])
        ):
            yield row
