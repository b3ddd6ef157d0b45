"""What a run did, what a plan would do, and why an account has its score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from .screen import Screen, band, figure

SOURCES = 3  # records shown of each measure


def _table(*columns: str, title: str = "") -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", header_style="dim")
    for column in columns:
        table.add_column(column.strip("<"), justify="left" if column.endswith("<") else "right")
    return table


def run(screen: Screen, document: Mapping[str, Any]) -> None:
    """The summary of a run, always last."""
    screen.line()
    screen.line(f"[bold]run {document['run']}[/]  as of {document['as_of']}  {escape(document['status'])}")
    if "objects" not in document:
        screen.line("it has no summary: it is still at work, or its process was killed")
        return
    if document["objects"]:
        _objects(screen, document["objects"])
    people, scores, tasks = document["population"], document["scores"], document["tasks"]
    if people["accounts"]:
        screen.line(
            f"{people['accounts']:,} accounts: {people['customers']:,} customers, {people['trials']:,} trials, "
            f"{people['former']:,} former, {people['not_scored']:,} not scored"
        )
        screen.line(
            f"{scores['computed']:,} scored, {scores['unknown']:,} unknown, {scores['moved_band']:,} changed band since the last run"
        )
    screen.line(
        f"tasks  {tasks['opened']} opened · {tasks['updated']} with another reason or owner · {tasks['closed']} closed · "
        f"{tasks['held_back']} held back" + _why_held(document["held"])
    )
    for text in waits(document.get("waiting", ())):
        screen.line(f"       {escape(text)}")
    if document["writes"]:  # a dry run, or a job that writes nothing, has nothing to say of writing
        writes(screen, document["writes"])
    asked = [c for c in document["calls"] if c["used"] or c["limit"] or c["estimated"]]  # a folder has no API
    if asked:
        used = " · ".join(
            f"{c['connection']} {c['used']:,}" + (f" of {c['limit']:,}" if c["limit"] else "") + _expected(c)
            for c in asked
        )
        screen.plain(f"api calls  {used}")
    for note in document["notes"]:
        screen.line(f"[yellow]![/] {escape(note)}")


def _expected(call: Mapping[str, Any]) -> str:
    if not call["estimated"]:
        return ""
    least = "" if call.get("exact", True) else "at least "  # runs on record may be of before it was known
    return f" (estimated {least}{call['estimated']:,})"


def _objects(screen: Screen, lines: Sequence[Mapping[str, Any]]) -> None:
    """What was read from where."""
    table = _table("read from<", "read", "new", "changed", "deleted", "set aside")
    for o in lines:
        numbers = [f"{o[k]:,}" for k in ("read", "new", "changed", "deleted", "quarantined")]
        table.add_row(escape(f"{o['connection']} {o['object']}"), *numbers)
    screen.out.print(table)
    screen.line()


def estimate(screen: Screen, found: Mapping[str, Any]) -> None:
    """What a sync would need; nothing was read."""
    table = _table("would read<", "records", "calls")
    for o in found["objects"]:
        how = " (all)" if o["first"] else ""
        table.add_row(
            escape(f"{o['connection']} {o['object']}{how}"), _counted(o["records"]), _counted(o["calls"])
        )
    screen.out.print(table)
    for c in found["calls"]:
        least = "" if c["exact"] else "at least "
        left = f", {c['left']:,} of {c['limit']:,} are left today" if c["limit"] else ""
        screen.line(f"{escape(c['connection'])}  {least}{c['needed']:,} calls{left}")
    screen.line("a dry run: nothing was read")


def _counted(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def waits(waiting: Sequence[Mapping[str, Any]], shown: int = 5) -> Iterator[str]:
    """The largest customers whose call waits, by name, and how many more there are."""
    for row in waiting[:shown]:
        yield f"{row['name']}: {row['rule'].replace('_', ' ')} waits, {row['why']}"
    if len(waiting) > shown:
        yield f"and {len(waiting) - shown} more, in --json"


def _why_held(held: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{n} {why}' for why, n in held.items())})" if held else ""


def writes(screen: Screen, lines: Sequence[Mapping[str, Any]]) -> None:
    """What was written where."""
    if not lines:
        screen.line("writes  nothing to write")
        return
    deleted = ("deleted",) if any(w.get("deleted") for w in lines) else ()
    names = ("created", "updated", "cleared", *deleted, "unchanged", "rejected")
    table = _table("written to<", *names)
    for w in lines:
        numbers = [f"{w[k]:,}" for k in names]
        table.add_row(escape(f"{w['connection']} {w['object']}"), *numbers)
    screen.out.print(table)


def attention(screen: Screen, rows: Iterable[Sequence[Any]]) -> None:
    """The accounts that need attention: name, score, band, revenue, renewal, reason; nothing where there are none."""
    rows = list(rows)
    if not rows:
        return
    screen.line()
    screen.line("[bold]Accounts that need attention[/]")
    for name, score, colour, arr, renewal, reason in rows:
        money = f"{arr:,.0f}" if arr is not None else "–"
        screen.line(
            f"  {band(colour, score)}  [bold]{escape(str(name))}[/]  {money} a year, renews {renewal or 'at no known date'}"
        )
        screen.line(f"      {escape(str(reason or ''))}")


def explain(screen: Screen, document: Mapping[str, Any]) -> None:
    """The tree measure → group → score, the cap that fired, and the records behind it."""
    if document["score"] is None:
        screen.line(
            f"[bold]{escape(str(document['name'] or document['id']))}[/]  {band('unknown')}  too little is known"
        )
    else:
        screen.line(
            f"[bold]{escape(str(document['name'] or document['id']))}[/]  {band(document['band'], document['score'])}"
        )
    low, high = document["interval"]
    screen.line(
        f"scorecard {escape(document['scorecard'])}, as of {document['as_of']}; {document['coverage']:.0%} of the weight is known; "
        f"between {_number(low)} and {_number(high)} if the rest were known"
    )
    _groups(screen, document["measures"], 0)
    if document["uncapped"] is not None:
        rolled = f"   roll-up {document['roll_up']:+d}" if document["roll_up"] else ""
        screen.line(f"\n  sum {document['uncapped']:.2f}   rounding {document['rounding']:+.2f}{rolled}")
    for override in document["overrides"]:
        if override["fired"]:
            _cap(screen, override)
    for one in document["retired"]:
        told = f"{one['metric']}: what was last known until {one['on']}, by {one['by']}: {one['why']} ({one['file']})"
        screen.line(f"  [dim]retired[/] {escape(told)}")
    for text in dict.fromkeys(one["text"] for one in document["contradictions"]):
        screen.line(f"  [yellow]says the one, does the other[/]: {escape(text)}")
    for relation in document.get("relationships", []):
        screen.line(
            f"  · {escape(str(relation['name'] or relation['id']))}  {band(relation['band'], relation['score'])}"
        )


def _cap(screen: Screen, override: Mapping[str, Any]) -> None:
    """A cap that holds, until when if only by what was last known, and what became of others whom it held down."""
    screen.line(
        f"  [red]capped at {override['cap']:g}[/] by {escape(override['name'])}: {escape(override['reason'] or '')}"
    )
    if override["until"] and override["known"]:
        screen.line(f"      [dim]its evidence counts until {override['until']}[/]")
    elif override["until"]:
        screen.line(
            f"      [dim]by what was last known; it lets go on {override['until']}, unless that is known again[/]"
        )
    if found := override["outcomes"]:
        screen.line(
            f"      [dim]{found['left']:,} of {found['held']:,} that it held down have left since "
            f"({found['low']:.0%} to {found['high']:.0%})[/]"
        )


def _groups(screen: Screen, measures: Sequence[Mapping[str, Any]], depth: int) -> None:
    """The groups at a depth with their points: in each first its own measures, then the groups below."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for measure in measures:
        groups.setdefault(measure["path"][depth], []).append(measure)
    for name, inside in groups.items():
        total = sum(m["contribution"] or 0 for m in inside)
        screen.line(
            f"{'' if depth else chr(10)}{'  ' * (depth + 1)}[bold]{escape(name)}[/]  {total:.2f} points"
        )
        for m in inside:
            if len(m["path"]) == depth + 1:
                _measure(screen, m, "  " * (depth + 2))
        _groups(screen, [m for m in inside if len(m["path"]) > depth + 1], depth + 1)


def levers(screen: Screen, document: Mapping[str, Any]) -> None:
    """What reaches a score: the caps that have to go first, then each measure that is enough alone, cheapest first."""
    screen.line(f"to reach {document['target']}:")
    if document["others"]:
        screen.plain(
            f"  what follows is of {document['relationship']}, by which the account is judged; below it are also:"
        )
    for other in document["others"]:
        screen.plain(f"    {other['name'] or other['id']}: {other['score']} {other['band']}")
    for cap in document["caps"]:
        screen.plain(f"  first: {cap['reason']} (capped at {cap['cap']:g}); {cap['fix']}")
    screen.plain(f"  {_lifting(document)}")
    for lever in document["levers"]:
        screen.plain(f"  {lever['measure']}: {lever['sentence']}")


def _lifting(document: Mapping[str, Any]) -> str:
    """What is to be said before the levers, or in their place."""
    uncapped, then = document["uncapped"], "then " if document["caps"] else ""
    if uncapped is None:
        return "too little is known to say what would"
    if uncapped >= document["target"]:
        return f"{then}nothing else: the measures give {uncapped:.2f}"
    if document["levers"]:
        return f"{then}any one of these"
    enough = "several of them together are" if document["together"] else "nor are all of them together"
    return f"{then}no single measure is enough, {'but ' if document['together'] else ''}{enough}"


def checks(screen: Screen, found: Iterable[Mapping[str, Any]]) -> None:
    """What is in order and what is not, each with its fix."""
    for check in found:
        mark = "[green]ok  [/]" if check["ok"] else "[red]fail[/]"
        screen.line(f"{mark} {escape(check['name'])}: {escape(check['text'])}")
        if check["fix"]:
            screen.plain(f"       fix: {check['fix']}")


def probes(screen: Screen, found: Sequence[Mapping[str, Any]]) -> None:
    """What is assumed about the vendors, and what the connections said to it."""
    marks = {
        "confirmed": "[green]confirmed [/]",
        "in part": "[green]in part   [/]",
        "refuted": "[red]refuted   [/]",
        "untestable": "[dim]untestable[/]",
    }
    for one in found:
        screen.line(f"{marks[one['verdict']]} {one['connection']} {one['id']}: {escape(one['claim'])}")
        if one["why"]:
            screen.plain(f"           {one['why']}")
    counts = Counter(one["verdict"] for one in found)
    screen.line(", ".join(f"{counts[verdict]} {verdict}" for verdict in marks))


def _measure(screen: Screen, m: Mapping[str, Any], indent: str) -> None:
    title = f"   [dim]{escape(m['title'])}[/]"
    if not m["known"] and m["score"] is None:
        told = "never set, so left out" if m.get("left_out") else "unknown"
        screen.line(f"{indent}{escape(m['measure']):<20} [dim]{told:<39}[/]{title}")
        return
    carried = f" [dim](carried from {m['carried_from']})[/]" if m["carried"] else ""
    value = _number(m["value"])
    screen.line(
        f"{indent}{escape(m['measure']):<20} {value:>10} → {m['score']:6.2f} × {m['weight']:.1%} = {m['contribution'] or 0:6.2f}{carried}{title}"
    )
    for source in m["sources"][:SOURCES]:
        place = escape(source.get("link") or f"{source['connection']} {source['object']} {source['id']}")
        screen.line(f"{indent}  [dim]{place}[/]")
    if (more := len(m["sources"]) - SOURCES) > 0:
        screen.line(f"{indent}  [dim]and {more} more, in --json[/]")


def _number(value: float | None) -> str:
    return "–" if value is None else figure(value)
