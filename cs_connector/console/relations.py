"""Relationships and perspectives on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from .reports import _table
from .screen import Screen, band

_MARKS = {
    "done": "green",
    "late": "yellow",
    "overdue": "red",
    "skipped": "yellow",
    "ahead": "dim",
    "never": "dim",
    "unknown": "dim",
}


def of_account(screen: Screen, document: Mapping[str, Any]) -> None:
    """relationships/1."""
    status = document["customer_status"] or "not scored"
    screen.line(
        f"[bold]{escape(str(document['name'] or document['id']))}[/]  {status}: {escape(document['status_reason'] or '')}"
    )
    for row in document["relationships"]:
        _relationship(screen, row)
    if not document["relationships"]:
        screen.line("no relationships")


def _relationship(screen: Screen, row: Mapping[str, Any]) -> None:
    owner = f"{row['owner']} ({row['owner_source']})" if row["owner"] else "nobody"
    points = row["score"] if row["band"] != "unknown" else None
    score = f"  {band(row['band'], points)}" if row["band"] else ""
    screen.line(f"\n[bold]{escape(row['name'])}[/]  {escape(row['type'])}  {row['status']}{score}")
    facts = {
        "owner": owner,
        "since": row["start_on"],
        "had ended on": row["previous_end_on"],
        "renews": row["renewal_on"],
        "ended on": row["end_on"],
        "revenue": f"{row['arr']:,.0f} {row['currency'] or ''}".strip() if row["arr"] else None,
        "people": ", ".join(f"{p['role']} {p['name']}" for p in row["people"]),
    }
    screen.line("  " + " · ".join(f"{k} {escape(str(v))}" for k, v in facts.items() if v))
    for stage in row["stages"]:
        late = f", {stage['days_late']} days" if stage["days_late"] else ""
        day = stage["reached_on"] or stage["due_on"] or ""
        screen.line(f"  {stage['stage']:<28}[{_MARKS[stage['state']]}]{stage['state']}{late}[/]  {day}")
    for issue in row["issues"]:
        screen.line(f"  [yellow]![/] {escape(issue['kind'])}: {escape(issue['detail'])}")


def overview(screen: Screen, document: Mapping[str, Any]) -> None:
    """relationships-overview/1."""
    table = _table("accounts<", "because<", "")
    for row in document["population"]:
        table.add_row(row["status"] or "not scored", escape(row["reason"] or ""), f"{row['accounts']:,}")
    screen.out.print(table)
    _groups(screen, "type", document["types"])
    table = _table("what<", "about which relationship<", "rows")
    for row in document["attached"]:
        table.add_row(escape(row["entity"]), escape(row["how"]), f"{row['rows']:,}")
    screen.out.print(table)
    for issue in document["issues"]:
        screen.line(
            f"[yellow]![/] {escape(issue['name'])}: {escape(issue['kind'])}, {escape(issue['detail'])}"
        )


def perspective(screen: Screen, document: Mapping[str, Any]) -> None:
    """perspective/1."""
    rows = [*document["groups"], document["total"] | {"value": "all"}]
    _groups(screen, document["by"], rows)


def _groups(screen: Screen, by: str, rows: list[Mapping[str, Any]]) -> None:
    table = _table(f"{by}<", "accounts", "relationships", "red", "revenue", "at risk")
    for row in rows:
        numbers = [f"{row[name]:,}" for name in ("accounts", "relationships", "red")]
        table.add_row(
            escape(row["value"] or "(none)"), *numbers, _money(row["revenue"]), _money(row["at_risk"])
        )
    screen.out.print(table)


def _money(sums: Mapping[str, float]) -> str:
    return " + ".join(f"{amount:,.0f} {currency}".strip() for currency, amount in sums.items())
