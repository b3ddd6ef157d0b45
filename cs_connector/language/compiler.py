"""A list of steps becomes a plan: queries of one row a relationship and date, and what is between them.

Most studies are one query over a bucket of relationships. A Python step cuts it in two; `peers` begins a part that looks at all
relationships at once, over the one row that each has by then.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot import exp

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError
from cs_connector.language import apply, around, merging, totals
from cs_connector.language.apply import Context, StepError, column, pair
from cs_connector.language.build import build
from cs_connector.language.executor import sql
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.language.steps import MAX_NESTED, MAX_STEPS, Python, Step
from cs_connector.language.tree import Given, Join, Node, Shape

__all__ = [
    "Part", "Plan", "Rows", "Stage", "StepError", "column", "compile_rows", "compile_steps", "compile_study",
]  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """A node with its query; columns are those that formulas may name, with their types."""

    node: Node

    @cached_property
    def query(self) -> exp.Select:
        return build(self.node)

    @cached_property
    def keys(self) -> str:
        """The query of the keys of the entity, as `key`, printed once."""
        return sql(exp.select(column(self.key or "").as_("key", quoted=True)).from_(self.query.subquery("x")))

    @property
    def columns(self) -> Mapping[str, str]:
        return self.node.shape.columns

    @property
    def cell(self) -> tuple[str, ...]:
        """What tells the relationship, and the date where there is one."""
        return self.node.shape.cell

    @property
    def key(self) -> str | None:
        key = self.node.shape.key
        return key[0] if key else None

    @property
    def entity(self) -> str | None:
        return self.node.shape.entity


@dataclass(frozen=True)
class Stage:
    """The rows after a step. `many` says that it may have multiplied them."""

    index: int
    kind: str
    rows: Rows

    @property
    def many(self) -> bool:
        return isinstance(self.rows.node, Join) and self.rows.node.many


@dataclass(frozen=True)
class Part:
    """Steps that are one query, over tables of earlier parts; `whole`: over all relationships at once.

    `rows` go to the table `table`, through the function of `python` if there is one.
    """

    table: str
    stages: tuple[Stage, ...]
    rows: Rows
    whole: bool = False
    python: Python | None = None


@dataclass(frozen=True)
class Plan:
    """The parts of a study in their order. The last one has one row for each relationship (and date)."""

    parts: tuple[Part, ...]

    @property
    def rows(self) -> Rows:
        """One row for each relationship (and date). What compares relationships is a table by then."""
        last = self.parts[-1]
        return Rows(Given(last.table, last.rows.node.shape)) if last.whole else last.rows

    @property
    def local(self) -> tuple[Part, ...]:
        """What runs by buckets of relationships."""
        return tuple(part for part in self.parts if not part.whole)

    @property
    def whole(self) -> tuple[Part, ...]:
        """What runs once, over the results of all buckets."""
        return tuple(part for part in self.parts if part.whole)

    @property
    def python(self) -> bool:
        """Such a study runs in this process only."""
        return any(part.python for part in self.parts)

    @property
    def stages(self) -> Iterator[Stage]:
        for part in self.parts:
            yield from part.stages


def compile_study(
    steps: Sequence[Step],
    calendar: Calendar = GREGORIAN,
    *,
    name: str = "study",
    base: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Plan:
    """The plan of a list of steps; `base` are columns of the relationship that `peers` may use. Raises StepError."""
    if len(steps) > MAX_STEPS:
        raise StepError(ConfigError(f"there are more than {MAX_STEPS} steps"), ())
    work = _Work(steps, Context(calendar, base or {}, folder), name)
    for index, step in enumerate(steps):
        with told(index, step.kind):
            work.take(index, step)
    return work.done()


def compile_steps(steps: Sequence[Step], calendar: Calendar = GREGORIAN) -> Rows:
    """One row a relationship (and date), of steps that are one query. Raises StepError."""
    plan = compile_study(steps, calendar)
    if len(plan.parts) > 1:
        raise StepError(ConfigError("these steps are more than one query"), ())
    return plan.rows


def compile_rows(
    steps: Sequence[Step], evidence: str | None = None, calendar: Calendar = GREGORIAN
) -> Rows | None:
    """The rows of the entity before they become totals, on each date, where `evidence` is true: what a metric stands on.

    None where the steps have no such rows. Raises StepError for the steps, FormulaError for the evidence.
    """
    node: Node | None = None
    context = _context(Context(calendar))
    for index, step in enumerate(steps):
        if step.kind in ("aggregate", "pivot", "python", "peers", "union"):
            break
        with told(index, step.kind):
            node = _apply(node, step, context)
    if node is None or node.shape.entity is None:
        return None
    node = pair(node)
    return Rows(node if evidence is None else apply.filtered(node, evidence, context))


@contextmanager
def told(*at: str | int) -> Iterator[None]:
    """Mistakes within, with the way to the step."""
    try:
        yield
    except StepError as error:
        raise error.below(*at) from None
    except ConfigError as error:
        raise StepError(error, at) from None


def _apply(node: Node | None, step: Step, context: Context) -> Node:
    if step.fetch is not None:
        if node is not None:
            raise ConfigError("only the first step fetches", fix="merge or union the others")
        return apply.fetch(step.fetch)
    if node is None:
        raise ConfigError("the first step must fetch an entity", fix="begin with `- fetch: ticket`")
    return _STEPS[step.kind](node, getattr(step, step.kind), context)


def _context(context: Context, depth: int = 1) -> Context:
    """With a way to read inner steps, not too deep."""

    def inner(steps: Sequence[Step]) -> Node:
        if depth >= MAX_NESTED or len(steps) > MAX_STEPS:
            raise ConfigError(
                "the steps are nested too deeply", fix=f"at most {MAX_NESTED} levels of {MAX_STEPS}"
            )
        below = _context(context, depth + 1)
        node: Node | None = None
        for index, step in enumerate(steps):
            with told("steps", index, step.kind):
                if step.kind in ("python", "peers"):
                    raise ConfigError(f"{step.kind} stands in the outer steps only")
                node = _apply(node, step, below)
        if node is None:
            raise StepError(ConfigError("there are no steps"), ("steps",))
        return node

    return replace(context, inner=inner)


_STEPS: dict[str, Callable[[Node, Any, Context], Node]] = {
    "filter": apply.filtered, "derive": apply.derive, "trailing": apply.trailing, "latest": apply.top,
    "top": apply.top, "merge": merging.merge, "union": merging.union, "aggregate": totals.aggregate,
    "pivot": totals.pivot, "window": around.window, "peers": around.peers,
}  # fmt: skip


def _written(folder: Path | None, form: Python) -> None:
    """Whether a file has the function; it is read here, and runs later."""
    if folder is None:
        return
    path = folder / form.file
    if not path.is_file():
        raise StepError(
            ConfigError(f"there is no file {form.file} beside the metrics", fix="correct `file`"), ("file",)
        )
    try:
        names = [n.name for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.FunctionDef)]
    except (SyntaxError, ValueError) as error:
        raise StepError(
            ConfigError(f"{form.file} is no Python: {error}", fix="correct the file"), ("file",)
        ) from None
    if form.function not in names:
        hint = suggest(form.function, names) or f"it has: {', '.join(names) or 'none'}"
        raise StepError(
            ConfigError(f"{form.file} has no function {form.function!r}", fix=hint), ("function",)
        )


class _Work:
    """Steps on their way to parts."""

    def __init__(self, steps: Sequence[Step], context: Context, name: str) -> None:
        self.steps, self.context, self.name = steps, _context(context), name
        self.node: Node | None = None
        self.stages: list[Stage] = []
        self.parts: list[Part] = []
        self.whole = False

    def take(self, index: int, step: Step) -> None:
        if step.python is not None:
            self._python(step.python)
        elif step.peers is not None and not self.whole:
            self._gather(index)
        if self.whole and step.kind not in ("peers", "derive"):
            raise ConfigError(f"{step.kind} cannot follow peers", fix="only derive and peers can")
        if step.python is None:
            self.node = _apply(self.node, step, self.context)
        assert self.node is not None
        self.node = replace(self.node, shape=replace(self.node.shape, step=index))
        self.stages.append(Stage(index, step.kind, Rows(self.node)))

    def done(self) -> Plan:
        if self.node is None or not self.node.shape.single:
            row = f", with a row a {self.node.shape.row}" if self.node else ""
            raise StepError(
                ConfigError(
                    f"the steps end without an aggregate{row}",
                    fix="end with an aggregate without `by` and `every`",
                ),
                (),
            )
        self._close(self.node, None)
        return Plan(tuple(self.parts))

    def _close(self, node: Node, python: Python | None) -> str:
        table = f"{self.name} {len(self.parts) + 1}"
        self.parts.append(Part(table, tuple(self.stages), Rows(node), self.whole, python))
        self.stages = []
        return table

    def _python(self, form: Python) -> None:
        """What a function gives is a table; of how many rows is not known, unless it got one a relationship."""
        if self.node is None:
            raise ConfigError("the first step must fetch an entity", fix="begin with `- fetch: ticket`")
        apply.several(form.gives, (), ("gives",))
        _written(self.context.folder, form)
        node = pair(self.node)
        key = () if node.shape.single else None
        columns = {name: apply.TYPES[kind] for name, kind in form.gives.items()}
        table = self._close(node, form)
        self.node = Given(table, Shape(columns, key, "row of a function", paired=True))

    def _gather(self, index: int) -> None:
        """All relationships come together, with what the steps from here on say of them."""
        if self.node is None or not self.node.shape.single:
            raise ConfigError("peers are compared by one row each", fix="aggregate before peers")
        said = " ".join(str(step.model_dump(exclude_none=True)) for step in self.steps[index:])
        named = set(re.findall(r"\w+", said)) - self.node.shape.columns.keys()
        node = around.cells(self.node, tuple(n for n in self.context.base if n in named), self.context)
        node = replace(node, shape=replace(node.shape, step=index))
        table = self._close(node, None)
        self.whole = True
        self.node = Given(table, replace(node.shape, step=None))
