"""One formula: a small, safe part of SQL that people already know.

A formula is parsed, checked node by node against a closed list, and kept as a tree. SQL is only ever
printed from the checked tree; the text of a formula reaches no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError

MAX_BYTES, MAX_DEPTH, MAX_NODES = 2048, 40, 300
MAX_SETTLED, MAX_DIGITS = 2000, 9

NODES: frozenset[type[exp.Expr]] = frozenset({
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Not,
    exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE,
    exp.Is, exp.Case, exp.If, exp.In, exp.Between,
    exp.Abs, exp.Coalesce, exp.Least, exp.Greatest, exp.Nullif, exp.Round, exp.Lower, exp.Anonymous,
})  # fmt: skip

# functions of ours, with the number of their arguments; each engine's lowering says what they mean there
OURS: dict[str, int] = {"days": 2, "months": 2, "month_end": 1, "known": 1}
FUNCTIONS = sorted([*OURS, "abs", "case", "coalesce", "greatest", "if", "least", "lower", "nullif", "round"])


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula. `tree` holds columns by bare name and our own functions, not yet lowered."""

    text: str
    tree: exp.Expr
    names: frozenset[str]

    def over(self, columns: Mapping[str, exp.Expr]) -> exp.Expr:
        """The tree with some names replaced by other expressions."""
        return self.tree.copy().transform(partial(_replace, columns))


def _replace(columns: Mapping[str, exp.Expr], node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and node.name in columns:
        return columns[node.name].copy()
    return node


def number(value: float) -> exp.Expr:
    """A constant as DOUBLE: engines read 0.3 as DECIMAL and round divisions by it."""
    literal = exp.Literal.number(repr(abs(float(value))))
    return exp.cast(exp.Neg(this=literal) if value < 0 else literal, "double")


def parse(text: str, names: Collection[str]) -> Formula:
    """Check a formula that may use `names`. Raises ConfigError saying what is wrong and where."""
    if len(text.encode()) > MAX_BYTES:
        raise _refuse("the formula is too long", f"it has more than {MAX_BYTES} bytes")
    tree = _tree(text)
    _measure(tree)
    for node in tree.walk():
        _check(node, names)
    used = frozenset(c.name for c in tree.find_all(exp.Column))
    return Formula(text, _settled(tree), used)


def _tree(text: str) -> exp.Expr:
    try:
        found = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        first = (getattr(error, "errors", None) or [{}])[0]
        at = f" at column {first['col']}" if first.get("col") else ""
        raise _refuse(
            f"the formula cannot be read{at}", first.get("description") or "it ends too early"
        ) from None
    except RecursionError:
        raise _refuse("the formula is nested too deeply", f"at most {MAX_DEPTH} levels") from None
    if len(found) != 1 or found[0] is None:
        raise _refuse("the formula is not one expression", "exactly one is expected")
    return found[0]


def _measure(tree: exp.Expr) -> None:
    level, seen = [tree], 0
    for depth in range(MAX_DEPTH + 1):
        seen += len(level)
        if seen > MAX_NODES:
            raise _refuse("the formula is too large", f"it has more than {MAX_NODES} parts")
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            return
        if depth == MAX_DEPTH:
            raise _refuse("the formula is nested too deeply", f"at most {MAX_DEPTH} levels")


def _check(node: exp.Expr, names: Collection[str]) -> None:
    if type(node) not in NODES:
        word = node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__.lower()
        hint = suggest(word, FUNCTIONS) or f"functions: {', '.join(FUNCTIONS)}"
        raise _refuse(f"{word!r} is not allowed in a formula{_position(node)}", fix=hint)
    if isinstance(node, exp.Anonymous):
        _check_call(node)
    if isinstance(node, exp.Column):
        _check_name(node, names)
    if isinstance(node, exp.In) and any(node.args.get(part) for part in ("query", "unnest", "field")):
        raise _refuse("'in' needs a list of values", "a list in parentheses is expected")


def _check_call(node: exp.Anonymous) -> None:
    name, given = str(node.name).lower(), len(node.expressions)
    if name not in OURS:
        hint = suggest(name, FUNCTIONS) or f"functions: {', '.join(FUNCTIONS)}"
        raise _refuse(f"there is no function {name!r}{_position(node)}", fix=hint)
    if given != OURS[name]:
        raise _refuse(f"{name} takes {OURS[name]} values, {given} given{_position(node)}")


def _check_name(node: exp.Column, names: Collection[str]) -> None:
    if len(node.parts) > 1:
        raise _refuse(f"{node.sql()!r} has a dot{_position(node)}", fix="use the plain name")
    if node.name not in names:
        hint = suggest(node.name, names) or f"known names: {', '.join(sorted(names)[:40])}"
        raise _refuse(f"{node.name!r} is not known here{_position(node)}", fix=hint)


def _position(node: exp.Expr) -> str:
    for part in node.walk():
        if "col" in part.meta:
            return f" at column {part.meta['col']}"
    return ""


def _refuse(what: str, why: str = "", fix: str = "") -> ConfigError:
    return ConfigError(what, why=why, fix=fix or "change the formula", safe="nothing was computed")


def _settle(node: exp.Expr) -> exp.Expr:
    """Give one meaning to what engines read differently: numbers, division, least and greatest."""
    if isinstance(node, exp.Literal) and not node.is_string:
        return number(float(node.this))
    meaning = MEANINGS.get(type(node))
    return meaning(node) if meaning else node


def _divide(node: exp.Expr) -> exp.Expr:
    top, bottom = (exp.cast(_settled(part), "double") for part in (node.this, node.expression))
    by = exp.Nullif(this=bottom, expression=number(0))
    return exp.Paren(this=exp.Div(this=top, expression=by, typed=False, safe=False))


def _guard(node: exp.Expr) -> exp.Expr:
    """NULL among the values gives NULL: an unscored relationship must not get its cap for a score."""
    parts = [_settled(part) for part in (node.this, *node.expressions)]
    if sum(1 for part in parts for _ in part.walk()) > MAX_SETTLED:  # each guard names its parts twice
        raise _refuse("the formula is too large", "least and greatest are nested too deeply")
    unknown = exp.or_(*(exp.Is(this=exp.Paren(this=p.copy()), expression=exp.null()) for p in parts))
    call = type(node)(this=parts[0], expressions=parts[1:], ignore_nulls=True)
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.null())], default=call)


def _digits(node: exp.Expr) -> exp.Expr:
    digits = node.args.get("decimals") or exp.Literal.number(0)
    if not (isinstance(digits, exp.Literal) and digits.this.isdigit() and int(digits.this) <= MAX_DIGITS):
        raise _refuse(f"round takes a whole number of digits, at most {MAX_DIGITS}")
    return exp.Round(this=_settled(node.this), decimals=digits.copy())


def _settled(node: exp.Expr) -> exp.Expr:
    return node.transform(_settle)


MEANINGS: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Div: _divide, exp.Least: _guard, exp.Greatest: _guard, exp.Round: _digits,
}  # fmt: skip
