"""One formula: a small, safe part of SQL that people already know.

A formula is parsed, checked node by node against a closed list, and kept as a tree. SQL is only ever
printed from the checked tree; the text of a formula reaches no database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from zoneinfo import available_timezones

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cs_connector.config.documents import suggest
from cs_connector.errors import FormulaError
from cs_connector.model import CUSTOM, WHOLE

from .instead import instead, why, word
from .kinds import DATED, SIGNATURES, SIGNS, Kind, called, infer, is_day, start
from .lowering import call
from .periods import GREGORIAN, STARTS, Calendar, starts

MAX_BYTES, MAX_DEPTH, MAX_NODES = 2048, 40, 300
MAX_SETTLED, MAX_DIGITS = 2000, 9

NODES: frozenset[type[exp.Expr]] = frozenset({
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Not,
    exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE,
    exp.Is, exp.Case, exp.If, exp.In, exp.Between,
    exp.Abs, exp.Coalesce, exp.Least, exp.Greatest, exp.Nullif, exp.Round, exp.Lower, exp.Anonymous,
})  # fmt: skip

# functions that SQL knows too, and that are ours: each engine's lowering says what they mean there
_NAMED: dict[type[exp.Expr], tuple[str, int]] = {
    exp.Upper: ("upper", 1), exp.Trim: ("trim", 1), exp.Left: ("left", 2), exp.Right: ("right", 2),
    exp.Length: ("length", 1), exp.Contains: ("contains", 2), exp.StartsWith: ("starts_with", 2),
    exp.Floor: ("floor", 1), exp.Ceil: ("ceil", 1), exp.Year: ("year", 1), exp.Month: ("month", 1),
    exp.AddMonths: ("add_months", 2), exp.Concat: ("concat", -1), exp.WeekStart: ("week_start", 1),
}  # fmt: skip
OURS: dict[str, int] = {name: len(signature.takes) for name, signature in SIGNATURES.items()}
FUNCTIONS = sorted(
    [*OURS, "abs", "case", "coalesce", "concat", "greatest", "if", "least", "lower", "nullif", "round"]
)


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula. `tree` holds columns by bare name and our own functions, not yet lowered.

    `kind` is what it gives, None where names had no types.
    """

    text: str
    tree: exp.Expr
    names: frozenset[str]
    kind: Kind = None

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


def parse(text: str, names: Collection[str], calendar: Calendar = GREGORIAN) -> Formula:
    """Check a formula that may use `names`; with their types (name → type of the executor) also what goes with what.

    Raises FormulaError saying what is wrong and where.
    """
    if len(text.encode()) > MAX_BYTES:
        raise _refuse("the formula is too long", f"it has more than {MAX_BYTES} bytes")
    tree = _tree(text)
    _measure(tree)
    for node in tree.walk():
        _check(node, names)
    tree = tree.transform(_own).transform(_day)
    found = None
    if isinstance(names, Mapping):
        found = infer(tree, names)
        tree = tree.transform(partial(_widened, names))
    used = frozenset(c.name for c in tree.find_all(exp.Column))
    return Formula(text, _settled(tree).transform(partial(_begun, calendar)), used, found)


def _begun(calendar: Calendar, node: exp.Expr) -> exp.Expr:
    """Where a period begins is the calendar's business."""
    name = str(node.name).lower() if isinstance(node, exp.Anonymous) else ""
    if name not in STARTS:
        return node
    return starts(name, node.expressions[0].copy().transform(partial(_begun, calendar)), calendar)


def parse_condition(text: str, names: Collection[str], calendar: Calendar = GREGORIAN) -> Formula:
    """A formula that says yes or no. Raises FormulaError."""
    return parse_as(("yes or no",), text, names, "a condition", calendar)


def parse_as(
    kinds: Sequence[str], text: str, names: Collection[str], what: str, calendar: Calendar = GREGORIAN
) -> Formula:
    """A formula that gives one of some kinds, as far as its names have types. Raises FormulaError."""
    formula = parse(text, names, calendar)
    if formula.kind is not None and formula.kind not in kinds:
        wanted = " or ".join(called(k) for k in kinds)
        told = f"{what} needs {wanted}, and {text} is {called(formula.kind)}"
        raise FormulaError(told, fix="change the formula", position=1)
    return formula


def _widened(types: Mapping[str, str], node: exp.Expr) -> exp.Expr:
    """Whole numbers as any other: a sum of large ones would stop the engine."""
    whole = isinstance(node, exp.Column) and types.get(node.name) == WHOLE
    return exp.cast(node.copy(), "double") if whole else node


def _own(node: exp.Expr) -> exp.Expr:
    """Functions that engines have too, as ours."""
    if type(node) not in _NAMED:
        return node
    called = call(_NAMED[type(node)][0], *(part.copy().transform(_own) for part in node.iter_expressions()))
    called.meta.update(node.meta)
    return called


def _day(node: exp.Expr) -> exp.Expr:
    """A text that writes a date, where a function takes one."""
    if not isinstance(node, exp.Anonymous):
        return node
    takes = SIGNATURES[node.name.lower()].takes if node.name.lower() in SIGNATURES else ()
    for value, kinds in zip(list(node.expressions), takes, strict=False):
        if kinds == DATED and isinstance(value, exp.Literal) and value.is_string and is_day(value.this):
            value.replace(exp.cast(value.copy(), "date"))
    return node


def _tree(text: str) -> exp.Expr:
    try:
        found = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        first = (getattr(error, "errors", None) or [{}])[0]
        position = first["col"] - len(first.get("highlight") or " ") + 1 if first.get("col") else None
        raise _refuse(
            "the formula cannot be read", why(first.get("description") or ""), position=position
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
    if type(node) not in NODES and type(node) not in _NAMED:
        hint = instead(node) or f"functions: {', '.join(FUNCTIONS)}"
        raise _refuse(f"{word(node)} is not allowed in a formula", fix=hint, node=node)
    if isinstance(node, exp.Anonymous) or type(node) in _NAMED:
        _check_call(node)
    if isinstance(node, exp.Column):
        _check_name(node, names)
    _check_values(node)


def _check_values(node: exp.Expr) -> None:
    """What every engine would read, and some of them otherwise than it is meant."""
    if isinstance(node, exp.In) and not node.expressions:
        raise _refuse("'in' needs a list of values", "a list in parentheses is expected", node=node)
    if isinstance(node, exp.In) and any(_nothing(value) for value in node.expressions):
        raise _refuse("a list cannot find null", fix="leave it out, and ask for it with `is null`", node=node)
    if type(node) in SIGNS and any(map(_nothing, (node.this, node.expression))):
        told = f"{SIGNS[type(node)]} null is never true"
        raise _refuse(told, fix="use `is null` or `is not null`", node=node)
    if isinstance(node, exp.Case) and node.this and any(_nothing(when.this) for when in node.args["ifs"]):
        fix = "ask first, with `case when … is null then …`"
        raise _refuse("when null is never true", fix=fix, node=node)
    if isinstance(node, exp.Between):
        _check_limits(node)
    if isinstance(node, exp.Round) and (given := len(list(node.iter_expressions()))) > 2:
        raise _refuse(f"round takes 1 or 2 values, {given} given", node=node)
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean):
        raise _refuse("'is' takes null, true or false", fix="compare values with =", node=node)
    if isinstance(node, exp.Literal) and not node.is_string and not isfinite(float(node.this)):
        raise _refuse(f"{node.this} is too large a number", fix="write a smaller one", node=node)


def _check_limits(node: exp.Between) -> None:
    limits = (node.args["low"], node.args["high"])
    if any(map(_nothing, limits)):
        fix = "use <= or >= for one limit alone"
        raise _refuse("between null is never true", fix=fix, node=node)
    low, high = map(_plain, limits)
    if low is not None and high is not None and low > high:
        told = " and ".join(limit.sql("duckdb") for limit in limits)
        raise _refuse(f"between {told} is never true", fix="write the lower one first", node=node)


def _plain(node: exp.Expr) -> float | None:
    """The number that is written, with its sign."""
    inner = node.unnest()
    if isinstance(inner, exp.Neg):
        below = _plain(inner.this)
        return None if below is None else -below
    return float(inner.this) if isinstance(inner, exp.Literal) and not inner.is_string else None


def _nothing(node: exp.Expr | None) -> bool:
    return node is not None and isinstance(node.unnest(), exp.Null)


def _check_call(node: exp.Expr) -> None:
    name, wanted = _NAMED.get(type(node), (str(node.name).lower(), None))
    if wanted is None and name not in OURS:
        hint = instead(node) or suggest(name, FUNCTIONS) or f"functions: {', '.join(FUNCTIONS)}"
        raise _refuse(f"there is no function {name!r}", fix=hint, node=node)
    count = wanted if wanted is not None else OURS[name]
    given = len(list(node.iter_expressions()))
    if count >= 0 and given != count:
        raise _refuse(f"{name} takes {count} values, {given} given", node=node)
    if name == "local_date":
        _check_zone(list(node.iter_expressions())[1])
    if name == "field":
        _check_field(*node.iter_expressions())


def _check_field(of: exp.Expr, name: exp.Expr) -> None:
    """What was passed through stands in one kind of column, and every engine finds a plain name in it."""
    if not (isinstance(of, exp.Column) and of.name.endswith(CUSTOM)):
        fix = f"write field({CUSTOM}, 'Name__c')"
        raise _refuse("field looks into fields that were passed through", fix=fix, node=of)
    if not (isinstance(name, exp.Literal) and name.is_string and name.this and not {*"\"'\\"} & {*name.this}):
        fix = f"write one like field({CUSTOM}, 'Name__c')"
        raise _refuse("field needs the name of a field, in single quotes", fix=fix, node=name)


def _check_zone(node: exp.Expr) -> None:
    zone = node.this if isinstance(node, exp.Literal) and node.is_string else None
    if zone not in available_timezones():
        told = repr(zone) if zone else node.sql()
        hint = suggest(zone, available_timezones()) if zone else ""
        raise _refuse(f"{told} is not a time zone", fix=hint or "write one like 'Europe/Berlin'", node=node)


def _check_name(node: exp.Column, names: Collection[str]) -> None:
    if len(node.parts) > 1:
        raise _refuse(f"{node.sql()!r} has a dot", fix="use the plain name", node=node)
    if node.name not in names:
        said = node.this.quoted and node.parent is not None  # names of steps are quoted here, not by people
        text = f"a text stands in single quotes: '{node.name}'" if said else ""
        hint = " ".join(filter(None, (suggest(node.name, names), text)))
        hint = hint or f"known names: {', '.join(sorted(names)[:40])}"
        raise _refuse(f"{node.name!r} is not known here", fix=hint, node=node)


def _refuse(
    what: str, why: str = "", fix: str = "", *, node: exp.Expr | None = None, position: int | None = None
) -> FormulaError:
    at = start(node) if node is not None else position
    told = f"{what} at column {at}" if at else what
    return FormulaError(told, why=why, fix=fix or "change the formula", position=at)


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
