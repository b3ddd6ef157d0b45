"""What people know from SQL and formulas do not have: how it is called in a message, and what is written instead."""

from __future__ import annotations

from sqlglot import exp

TODAY = "the day is called `today`"
_CONTAINS = "use contains(text, part) or starts_with(text, part)"
_TOTALS = "totals are taken in a step `aggregate`"
_CAST = "a date is written as a text, '2026-01-31', and nothing else needs another type"
_STARTS = "use month_start(date), quarter_start(date) and their like"

_WORDS: dict[type[exp.Expr], str] = {
    exp.DPipe: "'||'", exp.Mod: "'%'", exp.IntDiv: "'//'", exp.Cast: "a cast", exp.TryCast: "a cast",
    exp.TimestampTrunc: "'date_trunc'", exp.DateTrunc: "'date_trunc'", exp.Placeholder: "a placeholder", exp.Star: "'*'",
    exp.NullSafeNEQ: "'is distinct from'", exp.NullSafeEQ: "'is not distinct from'", exp.AtTimeZone: "'at time zone'",
}  # fmt: skip
_INSTEAD: tuple[tuple[tuple[type[exp.Expr], ...], str], ...] = (
    ((exp.Like, exp.ILike, exp.RegexpLike, exp.SimilarTo), _CONTAINS),
    ((exp.DPipe,), "use concat(a, b)"),
    ((exp.Cast, exp.TryCast), _CAST),
    ((exp.CurrentDate, exp.CurrentTimestamp), TODAY),
    ((exp.Interval,), "use add_days(date, 30) or add_months(date, 12)"),
    ((exp.TimestampTrunc, exp.DateTrunc), _STARTS),
    ((exp.AtTimeZone,), "use local_date(time, 'Europe/Berlin')"),
    ((exp.Window,), "use a step `window`"),
    ((exp.Query, exp.Subquery, exp.Exists), "use a step `merge`"),
    ((exp.AggFunc,), _TOTALS),
)


def word(node: exp.Expr) -> str:
    """How a part is called in a message: as it was written."""
    if type(node) in _WORDS:
        return _WORDS[type(node)]
    return repr(node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__.lower())


def instead(node: exp.Expr) -> str:
    """What is written instead of a part; nothing where that is not known."""
    if isinstance(node, exp.Anonymous):
        return TODAY if str(node.name).lower() in ("now", "getdate", "sysdate") else ""
    return next((told for kinds, told in _INSTEAD if isinstance(node, kinds)), "")


def why(description: str) -> str:
    """What a parser says of a text that it cannot read, without the names that it has for parts."""
    if description.startswith("Required keyword"):
        return "a value is missing"
    if description.startswith("The number of provided arguments"):
        return "a function has too many values"
    return description or "it ends too early"
