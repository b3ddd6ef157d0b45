"""The program in figures: what customers stayed, paid and said, by month and by year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.health import opinions
from cs_connector.health.program import (
    MONEY,
    Period,
    logos,
    owners,
    periods,
    prepare,
    rate,
    retention,
    revenue,
)
from cs_connector.language.executor import Connection
from cs_connector.runner.engine import Engine
from cs_connector.runner.unifying import rulebook

SCHEMA = "program/1"
BY = ("segment", "owner", "product")
_NAMES = ("account", "subscription", "survey_response", "user", "feed")
Key = tuple[str, str, Any]


def program(engine: Engine, by: str | None, month: str | None) -> dict[str, Any]:
    """program/1: the last twelve full months, or one, each with the year that ends with it; as of the engine's date.

    `read_until` is the day up to which all subscriptions were read. Raises UsageError for a view or a month that there is
    not, for a day before any subscription, or where there is no data.
    """
    _must_be_seen(engine, by)
    found = _asked(periods(engine.as_of), month)
    with engine.tables(_NAMES) as con:
        _begun(con, engine.as_of)
        left = prepare(con, engine.as_of, found, rulebook(engine).gap_days)
        totals = _figures(con, "all", engine)
        groups = _figures(con, by, engine) if by else {}
        names = owners(con, {key[2] for key in groups if key[2]}) if by == "owner" else {}
        read_until = _read_until(con)
    return {
        "schema": SCHEMA,
        "as_of": engine.as_of.isoformat(),
        "by": by,
        "read_until": read_until and read_until.isoformat(),
        "left_out": left.without_end,
        "without_start": left.without_start,
        "without_amount": left.without_amount,
        "periods": [_period(p, totals, groups, names) for p in found],
    }


def _must_be_seen(engine: Engine, by: str | None) -> None:
    """Raises UsageError where there is no data, and for a view that there is not."""
    if not engine.store.facts.files("entity/subscription"):
        raise UsageError(
            "there are no subscriptions",
            why="this project has no data",
            safe="nothing was changed",
            fix="cs-connector run",
        )
    if by is not None and by not in BY:
        raise UsageError(
            f"figures cannot be seen by {by!r}",
            safe="nothing was changed",
            fix=suggest(by, BY) or f"use one of: {', '.join(BY)}",
        )


def _begun(con: Connection, as_of: date) -> None:
    ((first,),) = con.execute("SELECT min(start_on) FROM subscription").fetchall()
    if first is not None and as_of < first:
        raise UsageError(
            f"there are no subscriptions of {as_of} or of a day before",
            why=f"the first begins on {first}",
            safe="nothing was changed",
            fix=f"name a day from {first} on with --as-of",
        )


def _read_until(con: Connection) -> date | None:
    ((day,),) = con.execute(
        "SELECT min(CAST(watermark AS DATE)) FROM feed WHERE entity = 'subscription'"
    ).fetchall()
    return day  # type: ignore[no-any-return]


def _asked(found: Sequence[Period], month: str | None) -> list[Period]:
    listed = [p for p in found if month in (None, p[0])]
    if not listed:
        raise UsageError(
            f"there are no figures of {month}",
            safe="nothing was changed",
            fix=f"use one of: {', '.join(dict.fromkeys(p[0] for p in found))}",
        )
    return listed


def _period(
    period: Period,
    totals: Mapping[Key, dict[str, Any]],
    groups: Mapping[Key, dict[str, Any]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    month, span, since, until = period
    mine = [(key[2], value) for key, value in groups.items() if key[:2] == (month, span)]
    told = [{"value": names.get(value, value)} | figures for value, figures in mine]
    return {
        "month": month,
        "span": span,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "total": totals.get((month, span, None), _empty()),
        "groups": sorted(told, key=lambda row: (row["value"] is None, str(row["value"]))),
    }


def _empty() -> dict[str, Any]:
    """What nobody has: unknown rates, and no amounts."""
    return {
        "logos": {"opening": 0, "lost": 0, "new": 0, "returned": 0, "closing": 0, "churn": None},
        "revenue": [],
        "nps": {"score": None, "margin": None, "answers": 0},
        "csat": {"share": None, "answers": 0},
        "ces": {"mean": None, "answers": 0},
        "responses": {"invited": 0, "answered": 0, "rate": None},
        "advocacy": {"advocates": 0, "answered": 0, "share": None},
    }


def _figures(con: Connection, by: str, engine: Engine) -> dict[Key, dict[str, Any]]:
    """By month, span and value. Answers are about an account: by product there are none."""
    found: dict[Key, dict[str, Any]] = {}

    def at(key: Key) -> dict[str, Any]:
        return found.setdefault(key, _empty())

    for month, span, value, opening, lost, new, returned, closing in logos(con, by):
        at((str(month), str(span), value))["logos"] = _logos(opening, lost, new, returned, closing)
    for row in revenue(con, by):
        at((str(row[0]), str(row[1]), row[2]))["revenue"].append(_money(str(row[3]), row[4:]))
    if by in opinions.VALUES:
        said: Iterable[tuple[str, Mapping[Key, Any]]] = (
            ("responses", opinions.responses(con, by, engine.as_of)),
            ("advocacy", opinions.advocacy(con, by)),
        )
        for key, kinds in opinions.answers(con, by).items():
            at(key).update(kinds)
        for name, rows in said:
            for key, figures in rows.items():
                at(key)[name] = figures
    return found


def _logos(opening: Any, lost: Any, new: Any, returned: Any, closing: Any) -> dict[str, Any]:
    counts = {"opening": opening, "lost": lost, "new": new, "returned": returned, "closing": closing}
    return counts | {"churn": rate(lost, opening)}


def _money(currency: str, amounts: Sequence[Any]) -> dict[str, Any]:
    money = dict(zip(MONEY, amounts, strict=True))
    gross, net = retention(money)
    return {"currency": currency or None} | money | {"gross_retention": gross, "net_retention": net}
