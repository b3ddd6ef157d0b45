"""Program figures on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .screen import Screen

Row = Mapping[str, Any]


def program(screen: Screen, document: Row) -> None:
    """program/1: customers and answers of every month, then the money of the newest month and of its year."""
    months = [p for p in document["periods"] if p["span"] == "month"]
    newest = [p for p in document["periods"] if p["month"] == months[0]["month"]]
    by = document["by"]
    _customers(screen, by, months[:1] if by else months)
    for period in newest:
        _money(screen, by, period)
    for told in _doubts(document, newest[0]["until"]):
        screen.line(f"[yellow]![/] {told}")


_LEFT_OUT = {
    "left_out": "have ended and do not say when",
    "without_start": "do not say when they begin",
    "without_amount": "do not say what they cost",
}


def _doubts(document: Row, until: str) -> Iterator[str]:
    """What has no part in the figures, and a month that was not read to its end."""
    for key, what in _LEFT_OUT.items():
        if count := document[key]:
            yield f"{count:,} subscriptions {what}: they are left out"
    read = document["read_until"]
    if read is not None and read < until:
        yield f"subscriptions were read up to {read}, so the figures of the month that ends on {until} are not whole yet"


def books(screen: Screen, document: Row) -> None:
    """books/1: the mean health of every book on both days, and what moved it."""
    head = f"{document['from']} to {document['to']}"
    names = (
        "customers", "joined", "left", "aside", "red", "compared", "health", "now", "by customers", "by what is known", "better", "worse",
    )  # fmt: skip
    rows = [
        [str(b["owner"] or "(nobody)"), *(f"{b[key]:,}" for key in ("relationships", "joined", "left", "aside", "red", "compared")),
         _plain(b["before"]), _plain(b["after"]), _points(b["by_customers"]), _points(b["by_coverage"]), f"{b['better']:,}", f"{b['worse']:,}"]
        for b in document["books"]
    ]  # fmt: skip
    _print(screen, [[head, *names], *rows])


def _points(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f}"


def _groups(by: str | None, period: Row) -> Iterator[tuple[str, Row]]:
    """The lines of a period: its groups, and all of them."""
    if by:
        yield from ((str(g["value"] or "(none)"), g) for g in period["groups"])
    yield ("all" if by else period["month"]), period["total"]


def _customers(screen: Screen, by: str | None, periods: list[Row]) -> None:
    head = f"{by} in {periods[0]['month']}" if by else "month"
    names = ("customers", "new", "back", "lost", "churn", "NPS", "CSAT", "CES", "answered", "advocates")
    rows = [[name, *_of_customers(row)] for period in periods for name, row in _groups(by, period)]
    _print(screen, [[head, *names], *rows])


def _of_customers(row: Row) -> list[str]:
    logos = row["logos"]
    counts = [f"{logos[key]:,}" for key in ("opening", "new", "returned", "lost")]
    rated = (
        (row["csat"], "share", "answers"),
        (row["responses"], "rate", "invited"),
        (row["advocacy"], "share", "answered"),
    )
    csat, answered, advocates = (_of(_share(said[value]), said[count]) for said, value, count in rated)
    ces = _of(_plain(row["ces"]["mean"]), row["ces"]["answers"])
    return [*counts, _share(logos["churn"]), _nps(row["nps"]), csat, ces, answered, advocates]


def _of(told: str, count: int) -> str:
    """A figure with how many it stands on."""
    return f"{told} (n {count:,})" if count else told


_AMOUNTS = (
    "opening",
    "lost",
    "contraction",
    "expansion",
    "expansion_price",
    "new",
    "returned",
    "moved",
    "closing",
)


def _money(screen: Screen, by: str | None, period: Row) -> None:
    screen.line()
    span = "in" if period["span"] == "month" else "the year to"
    head = f"{by + ', ' if by else ''}{span} {period['month']}"
    names = (
        "",
        "at first",
        "lost",
        "contraction",
        "expansion",
        "by price",
        "new",
        "back",
        "moved",
        "at last",
        "gross",
        "net",
    )
    rows = [
        [name if by else "", money["currency"] or "?", *(_amount(_with_moved(money)[key]) for key in _AMOUNTS),
         _share(money["gross_retention"]), _share(money["net_retention"])]
        for name, row in _groups(by, period)
        for money in row["revenue"]
    ]  # fmt: skip
    _print(screen, [[head, *names], *rows])


def _with_moved(money: Row) -> Row:
    """With what went on in another currency, in less out."""
    return {**money, "moved": money["moved_in"] - money["moved_out"]}


def _print(screen: Screen, rows: list[list[str]]) -> None:
    """Columns as wide as they need: a figure that is cut is worse than a long line."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for first, *rest in rows:
        cells = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
        screen.plain("  ".join([first.ljust(widths[0]), *cells]).rstrip())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value else "–"


def _nps(nps: Row) -> str:
    return (
        "–" if nps["score"] is None else f"{nps['score']:+.0f} ± {nps['margin']:.0f} (n {nps['answers']:,})"
    )
