"""What is put into the CRMs, told to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.markup import escape

Line = Callable[[str], None]
Piece = Mapping[str, Any]

SHOWN, WIDTH = 12, 60
_HEADS = {
    "create": "[green]+ {n} to make[/]",
    "change": "[yellow]~ {n} to change[/]",
    "adopt": "[yellow]= {n} to take over as they are[/]",
    "there": "  {n} already there",
    "edited": "[yellow]! {n} changed by somebody since we made them: left as they are[/]",
    "not_ours": "[yellow]! {n} there already, made by somebody else and different: left as they are[/]",
    "left_over": "- {n} of ours that this version does not have any more: provision destroy --left-over",
}
_DONE = frozenset({"created", "updated", "deleted"})


def told(line: Line, document: Mapping[str, Any]) -> None:
    """A plan before it is done, and what became of it after."""
    command, sites = document["command"], document["connections"]
    for site in sites:
        kind = "sandbox" if site["sandbox"] else "PRODUCTION"
        line(
            f"[bold]{escape(site['name'])}[/]  {escape(site['org_name'] or site['org_id'])} ({site['org_id']}), {kind}"
        )
        if any(piece["result"] for piece in site["pieces"]):
            _outcome(line, site["pieces"])
        elif command == "destroy":
            _going(line, site["pieces"])
        else:
            _standings(line, site["pieces"])
        for other in site["installations"]:
            line(
                f"  [yellow]! another installation of cs-connector, {escape(other)}, has put its fields here: one of the two should go[/]"
            )
        if site["storage"]:
            _storage(line, site["storage"], site["guard"][0])
    line(_last(command, [piece for site in sites for piece in site["pieces"]]))


def _standings(line: Line, pieces: Sequence[Piece]) -> None:
    for standing, head in _HEADS.items():
        chosen = [piece for piece in pieces if piece["standing"] == standing]
        if not chosen:
            continue
        line("  " + head.format(n=f"{len(chosen):,}"))
        if standing in {"create", "left_over"}:
            _names(line, chosen)
        elif standing != "there":
            _each(line, chosen)


def _names(line: Line, pieces: Iterable[Piece]) -> None:
    """Names of one kind and object together: `property companies`: cs_key, cs_health_score."""
    for (kind, home), some in groupby(pieces, key=_home):
        names = [piece["name"].removeprefix(f"{home}.") for piece in some]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        where = f" {home}" if home else ""
        line(f"      {escape(kind.replace('_', ' ') + where)}: {escape(', '.join(names[:SHOWN]))}{more}")


def _home(piece: Piece) -> tuple[str, str]:
    home, dot, _ = piece["name"].partition(".")
    return piece["kind"], home if dot else ""


def _each(line: Line, pieces: Sequence[Piece]) -> None:
    for piece in pieces[:SHOWN]:
        line(f"      {escape(_called(piece))}")
        for difference in piece["differences"]:
            line(f"          {_difference(difference)}")
    if len(pieces) > SHOWN:
        line(f"      and {len(pieces) - SHOWN} more: --json lists all")


def _called(piece: Piece) -> str:
    return f"{piece['kind'].replace('_', ' ')} {piece['name']}"


def _difference(difference: Mapping[str, Any]) -> str:
    was, wanted, kept = difference["from"], difference["to"], difference["kept"]
    if isinstance(was, list) and isinstance(wanted, list):
        told = _apart(was, wanted) + ("" if kept else " → as we declare it")
    else:
        told = (
            f"{_short(was)} stays, we would have {_short(wanted)}"
            if kept
            else f"{_short(was)} → {_short(wanted)}"
        )
    return escape(f"{difference['field']}: {told}")


def _apart(was: list[Any], wanted: list[Any]) -> str:
    """Of two lists only what the other lacks."""
    more = [each for each in was if each not in wanted]
    lacking = [each for each in wanted if each not in was]
    if not more and not lacking:
        return "in another order"
    told = ("also ", more), ("lacks ", lacking)
    return ", ".join(word + _short(some) for word, some in told if some)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_word, value)) or "nothing"
    text = "nothing" if value in (None, "") else str(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _word(value: Any) -> str:
    """An option by its label."""
    if isinstance(value, Mapping):
        return str(value.get("label") or value.get("name") or next(iter(value.values()), ""))
    return str(value)


def _going(line: Line, pieces: Sequence[Piece]) -> None:
    line(f"  [red]- {len(pieces):,} to remove, with every value in them[/]")
    _names(line, pieces)
    for piece in pieces:
        if piece["filled"]:
            held = "have" if _home(piece)[1] else "are in"
            line(f"      [red]{piece['filled']:,}[/] records {held} {escape(_called(piece))}; that goes, too")


def _outcome(line: Line, pieces: Sequence[Piece]) -> None:
    sent = [piece for piece in pieces if piece["result"]]
    for verdict in ("created", "updated", "deleted"):
        count = sum(1 for piece in sent if piece["result"]["verdict"] == verdict)
        if count:
            line(f"  [green]✓[/] {count:,} {verdict}")
    failed = [piece for piece in sent if piece["result"]["verdict"] not in _DONE]
    for piece in failed:
        said = piece["result"]
        line(f"  [red]✗[/] {escape(_called(piece))}: {escape(said['message'] or said['code'])}")
    rest = [piece for piece in pieces if not piece["result"] and piece["standing"] != "there"]
    _standings(line, rest)


def _storage(line: Line, room: Mapping[str, Any], check: Mapping[str, Any]) -> None:
    """The room that records will take, and whether it is there."""
    mark = "[green]ok  [/]" if check["ok"] else "[red]STOP[/]"
    who = "customers" if room["exact"] else "accounts (at most: nobody knows yet who is a customer)"
    there = f", of which {room['there']:,} are there" if room["there"] else ""
    line(
        f"  room {mark} {room['customers']:,} {who} × 18 month ends = {room['snapshots']:,} snapshots, and "
        f"{room['relationships']:,} relationships{there}: {room['needed']:,.1f} MB more"
    )
    line(
        f"            {room['used']:,.0f} of {room['allowed']:,.0f} MB are used; then {room['share']:.1%} (at most {check['limit']:.0%})"
    )


def _last(command: str, pieces: Sequence[Piece]) -> str:
    failed = sum(1 for p in pieces if p["result"] and p["result"]["verdict"] not in _DONE)
    if failed:
        return f"\n{failed:,} were refused; everything else is done. Mend the cause and run it again: it goes on from there."
    if command == "destroy":
        done = any(p["result"] for p in pieces)
        return (
            "\nAll of it is gone."
            if done
            else "\nNothing removed yet."
            if pieces
            else "There is nothing of ours to remove."
        )
    waiting = sum(1 for p in pieces if p["standing"] in {"create", "change", "adopt"} and not p["result"])
    if command == "plan":
        make = f"\n{waiting:,} to do. Nothing changed yet; do it with: cs-connector provision apply"
        return make if waiting else f"\nNothing to do: {_complete(pieces)}"
    return f"\nDone: {_complete(pieces)}"


def _complete(pieces: Sequence[Piece]) -> str:
    differing = sum(1 for p in pieces if p["standing"] in {"not_ours", "edited"})
    if not differing:
        return "everything that we need is there."
    return (
        f"everything that we need is there, {differing:,} of it otherwise than we would have it. What we write there may be "
        "refused; map another field, or take it over with --adopt."
    )
