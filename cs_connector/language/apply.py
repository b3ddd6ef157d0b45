"""From a step to nodes: what is looked at here is what a step may say, and when rows meet dates.

Rows are paired with dates as late as can be: by the first step that speaks of `today`, or that looks at other rows of an
entity that has a date (what happened later must not be among them).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError, FormulaError
from cs_connector.language.expression import Formula, parse, parse_as
from cs_connector.language.kinds import DATED, Kind
from cs_connector.language.lowering import call
from cs_connector.language.periods import GREGORIAN, Calendar, Period, double
from cs_connector.language.steps import Fetch, Step, Top, Trailing
from cs_connector.language.tree import Filter, Node, Pair, Project, Scan, Shape
from cs_connector.language.tree import Top as First
from cs_connector.language.weight import light
from cs_connector.model import DATE, ENTITIES, FLAG, MONEY, NUMBER, TEXT, TIME

TYPES: dict[Kind, str] = {
    "number": NUMBER, "money": MONEY, "text": TEXT, "yes or no": FLAG, "date": DATE, "time": TIME,
}  # fmt: skip
ANY = "ANY"  # the type of what is always NULL
RESERVED = frozenset({"r", "today"})
At = tuple[str | int, ...]


class StepError(FormulaError):
    """A step cannot be compiled; `at` says which one, as a path below `steps`."""

    def __init__(self, error: ConfigError, at: At) -> None:
        position = error.position if isinstance(error, FormulaError) else None
        super().__init__(error.what, why=error.why, fix=error.fix, position=position)
        self.at = at

    def below(self, *at: str | int) -> StepError:
        return StepError(self, (*at, *self.at))


@dataclass(frozen=True)
class Context:
    """What steps are read with: the calendar, columns of the relationship, where files are, and how to read inner steps."""

    calendar: Calendar = GREGORIAN
    base: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    inner: Callable[[Sequence[Step]], Node] | None = None

    def read(self, node: Node, text: str, what: str, kinds: Sequence[str] = (), at: At = ()) -> Formula:
        """A formula over the columns of a node. Raises StepError."""
        try:
            if kinds:
                formula = parse_as(kinds, text, node.shape.names, what, self.calendar)
            else:
                formula = parse(text, node.shape.names, self.calendar)
            light(formula.tree, node)
            return quoted(formula)
        except ConfigError as error:
            raise StepError(self._elsewhere(node, text, error), at) from None

    def _elsewhere(self, node: Node, text: str, error: ConfigError) -> ConfigError:
        """A name that is not known here may be one of the relationship: steps are over rows, which have none of those."""
        try:
            named = parse(text, {**self.base, **node.shape.names}, self.calendar).names
        except ConfigError:
            return error
        found = sorted(named - node.shape.names.keys())
        if not found:
            return error
        fix = f"{found[0]} is of the relationship: use it in `value` and `known`, or in `peers`"
        position = error.position if isinstance(error, FormulaError) else None
        return FormulaError(error.what, why=error.why, fix=fix, position=position)


def quoted(formula: Formula) -> Formula:
    """Names as they are written: engines fold what stands without quotes."""
    return replace(formula, tree=formula.tree.transform(_quote))


def _quote(node: exp.Expr) -> exp.Expr:
    return column(node.name) if isinstance(node, exp.Column) else node


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column."""
    return exp.column(name, table, quoted=True)


def typed(formula: Formula) -> str:
    return TYPES.get(formula.kind, ANY)


def known(name: str, names: Collection[str], what: str) -> str:
    """The name. Raises ConfigError with a guess when there is none like it."""
    if name not in names:
        hint = suggest(name, names) or f"known: {', '.join(sorted(names))}"
        raise ConfigError(f"there is no {what} {name!r}", fix=hint, safe="nothing was computed")
    return name


def new(name: str, names: Collection[str]) -> None:
    """Raises ConfigError for a name that is taken, in whatever capitals: engines take those that differ in nothing else for one."""
    taken = next((n for n in (*names, *RESERVED) if n.lower() == name.lower()), None)
    if taken is not None:
        what = "exists already" if taken == name else f"and {taken!r} differ in capitals only"
        raise ConfigError(f"{name!r} {what}", fix="choose another name", safe="nothing was computed")


def several(names: Iterable[str], taken: Iterable[str], at: At) -> None:
    """Raises StepError, with the way to it, for the first of some new names that is taken, also by one of them."""
    seen = list(taken)
    for name in names:
        try:
            new(name, seen)
        except ConfigError as error:
            raise StepError(error, (*at, name)) from None
        seen.append(name)


def pair(node: Node) -> Node:
    """Each row with each date on which it exists."""
    shape = node.shape
    if shape.paired:
        return node
    columns = {**shape.columns, **({"back": NUMBER} if shape.period else {})}
    return Pair(node, replace(shape, columns=columns, paired=True, since=None, period=None))


def ready(node: Node, *formulas: Formula) -> Node:
    """Paired with dates if a formula speaks of them."""
    speaks = frozenset({"today"} if node.shape.paired or not node.shape.period else {"today", "back"})
    return pair(node) if any(speaks & f.names for f in formulas) else node


def settled(node: Node) -> Node:
    """Rows that a step may look at together: none of them is of a later day."""
    return pair(node) if node.shape.since is not None else node


def spoken(shape: Shape, *formulas: Formula) -> Shape:
    """Once steps say what they do about currencies, money may be added."""
    if any(shape.money_of in f.names for f in formulas):
        return replace(shape, money_of=None)
    return shape


def fetch(form: str | Fetch) -> Node:
    """A row counts for the relationships that it is attached to; else one with a product for those of it, one without for all."""
    form = Fetch(entity=form) if isinstance(form, str) else form
    model = ENTITIES[known(form.entity, ENTITIES, "entity")]
    types = {c.name: c.type for c in model.columns}
    if "account_id" not in types:
        raise ConfigError(f"rows of {model.name} belong to no account", fix="merge them with others")
    mixed = form.of == "group" and MONEY in types.values()  # companies of a group may have other currencies
    money_of = "currency" if "currency" in types or mixed else None
    return Scan(
        model.name, form.of,
        Shape(types, (model.key,), model.name, model.name, since=since(model.name), money_of=money_of),
    )  # fmt: skip


@lru_cache
def day_of(entity: str) -> Formula | None:
    """The day, or the time, from which a row of an entity exists; None where rows have no such day."""
    model = ENTITIES[entity]
    if model.dated is None:
        return None
    return quoted(parse(model.dated, {c.name: c.type for c in model.columns}))


@lru_cache
def since(entity: str) -> exp.Expr | None:
    """True of the rows of an entity that exist on `today`: those that are dated then, or earlier, or not at all."""
    dated = day_of(entity)
    if dated is None:
        return None
    always = exp.cast(exp.Literal.string("1900-01-01"), typed(dated))
    return exp.LT(
        this=exp.Coalesce(this=dated.tree, expressions=[always]), expression=_day_after(typed(dated))
    )


def _day_after(type_: str) -> exp.Expr:
    after = call("add_days", column("today"), double(1))
    return exp.cast(after, type_) if type_ == TIME else after


def filtered(node: Node, text: str, context: Context) -> Node:
    condition = context.read(node, text, "filter", ("yes or no",))
    node = ready(node, condition)
    return Filter(node, condition.tree, spoken(node.shape, condition))


def derive(node: Node, derived: dict[str, str], context: Context) -> Node:
    """Later names may use earlier ones; those that do not are computed side by side."""
    for name, text in derived.items():
        new_at(name, node, (name,))
        formula = context.read(node, text, name, at=(name,))
        node = ready(node, formula)
        shape = spoken(node.shape, formula).adding({name: typed(formula)})
        beside = isinstance(node, Project) and not {n for n, _ in node.added} & formula.names
        rows, added = (node.rows, node.added) if beside and isinstance(node, Project) else (node, ())
        node = Project(rows, (*added, (name, formula.tree)), shape)
    return node


def new_at(name: str, node: Node, at: At) -> None:
    try:
        new(name, node.shape.names)
    except ConfigError as error:
        raise StepError(error, at) from None


def trailing(node: Node, form: Trailing, context: Context) -> Node:
    of = context.read(node, form.of, "trailing", DATED, ("of",))
    shape = node.shape
    if shape.entity and shape.since is not None and ENTITIES[shape.entity].dated == form.of.strip():
        shape = replace(shape, since=None)  # the step says it more closely
        node = _shaped(node, shape)
    node = pair(node)
    type_ = typed(of)
    tests: list[exp.Expr] = [exp.LT(this=of.tree, expression=_bound(_end(form, context), type_))]
    if (low := _start(form, context)) is not None:
        tests.insert(0, exp.GTE(this=of.tree.copy(), expression=_bound(low, type_)))
    return Filter(node, exp.and_(*tests), node.shape)


def _shaped(node: Node, shape: Shape) -> Node:
    return replace(node, shape=shape)


def _bound(day: exp.Expr, type_: str) -> exp.Expr:
    return exp.cast(day, type_) if type_ == TIME else day


def _grain(form: Trailing, context: Context) -> tuple[Period, int] | None:
    for grain in ("week", "month", "quarter"):
        if (count := getattr(form, f"{grain}s")) is not None:
            return Period(grain, grain == "quarter", context.calendar), count
    return None


def _end(form: Trailing, context: Context) -> exp.Expr:
    """The first day that is too late: bounds speak of `today` alone, so an engine computes them once a date."""
    found = _grain(form, context)
    return found[0].start(column("today")) if found else call("add_days", column("today"), double(1))


def _start(form: Trailing, context: Context) -> exp.Expr | None:
    if found := _grain(form, context):
        period, count = found
        return period.later(period.start(column("today")), double(-count))
    return call("add_days", column("today"), double(1 - form.days)) if form.days else None


def top(node: Node, form: Top, context: Context) -> Node:
    by = [context.read(node, text, "by", at=("by", i)) for i, text in enumerate(form.by)]
    order = [ordering(node, text, context, desc=True, at=("order", i)) for i, text in enumerate(form.order)]
    node = settled(ready(node, *by, *(f for f, _ in order)))
    placed = (*(o for _, o in order), *(ordered(column(name), desc=True) for name in node.shape.ties))
    return First(node, tuple(f.tree for f in by), placed, form.n, node.shape)


def ordering(node: Node, text: str, context: Context, *, desc: bool, at: At) -> tuple[Formula, exp.Ordered]:
    """A formula to order by; it may end with `asc` or `desc`."""
    words = text.rsplit(None, 1)
    if len(words) == 2 and words[1].lower() in ("asc", "desc"):
        text, desc = words[0], words[1].lower() == "desc"
    elif len(words) == 2 and words[1].lower().startswith(("asc", "desc")):
        what = f"an order ends with asc or desc, not with {words[1]!r}"
        way = "asc" if words[1].lower().startswith("asc") else "desc"
        raise StepError(ConfigError(what, fix=f"write `{words[0]} {way}`"), at)
    formula = context.read(node, text, "order", at=at)
    return formula, ordered(formula.tree, desc=desc)


def ordered(tree: exp.Expr, *, desc: bool) -> exp.Ordered:
    """What is not known comes last."""
    return exp.Ordered(this=tree, desc=desc, nulls_first=False)
