"""Two sets of rows become one: side by side (`merge`), or one below the other (`union`)."""

from __future__ import annotations

from dataclasses import replace

from cs_connector.errors import ConfigError
from cs_connector.language.apply import Context, StepError, known, pair, several, since
from cs_connector.language.kinds import called, kind
from cs_connector.language.steps import Merge, Step
from cs_connector.language.steps import Union as Below
from cs_connector.language.tree import Join, Lookup, Node, Shape, Union
from cs_connector.model import ENTITIES, FLAG


def merge(node: Node, form: Merge, context: Context) -> Node:
    other = _of_entity(form.entity) if form.entity else _inner(form.steps or (), context)
    on = _pairs(node, form, other)
    if _dated(other) or (other.shape.paired and not isinstance(other, Lookup)):
        node = pair(node)
    if not isinstance(other, Lookup) and node.shape.paired:
        other = pair(other)
    _told_apart(form, other, on)
    for theirs in form.taken.values():
        _known(theirs, other, ("take",))
    added = {mine: other.shape.names[theirs] for mine, theirs in form.taken.items()}
    if form.found:
        added[form.found] = FLAG
    several(added, node.shape.names, ("take",))
    shape = node.shape.adding(added)
    if form.many:
        shape = replace(shape, key=None, row=f"{shape.row} and {other.shape.row}")
    return Join(node, other, on, form.taken, form.found, form.many, shape)


def _of_entity(name: str) -> Lookup:
    model = ENTITIES[known(name, ENTITIES, "entity")]
    types = {c.name: c.type for c in model.columns}
    return Lookup(name, Shape(types, (model.key,), name, name, paired=True, since=since(name)))


def _dated(other: Node) -> bool:
    """What the other rows are depends on the day."""
    return other.shape.since is not None


def _inner(steps: tuple[Step, ...], context: Context) -> Node:
    assert context.inner is not None
    return context.inner(steps)


def _pairs(node: Node, form: Merge, other: Node) -> tuple[tuple[str, str], ...]:
    if isinstance(form.on, str) and form.entity:
        _known(form.on, node, ("on",))
        _own(form.on, form.entity)
        pairs = {form.on: ENTITIES[form.entity].key}
    else:
        pairs = {form.on: form.on} if isinstance(form.on, str) else form.on
    for mine, theirs in pairs.items():
        at = ("on",) if isinstance(form.on, str) else ("on", mine)
        _known(mine, node, at)
        _known(theirs, other, at)
        left, right = (kind(n.shape.columns[c]) for n, c in ((node, mine), (other, theirs)))
        if left and right and left != right:
            told = f"{mine} is {called(left)}, and {theirs} is {called(right)}"
            raise StepError(ConfigError(told, fix="merge on columns of one kind"), at)
    return tuple(pairs.items())


def _own(name: str, entity: str) -> None:
    """Refuse the key of one entity where that of another is looked for: nothing would ever be found."""
    others = {e.key: e.name for e in ENTITIES.values() if e.name != entity}
    if name not in others:
        return
    same = any(c.name == name for c in ENTITIES[entity].columns)
    by = f"write `on: {{{name}: {name}}}` to find those with the same one"
    told = f"{name} tells one {others[name]} from another, and is no key of a {entity}"
    fix = by if same else f"name a column with the key of a {entity}"
    raise StepError(ConfigError(told, fix=fix), ("on",))


def _known(name: str, node: Node, at: tuple[str, ...]) -> None:
    try:
        known(name, node.shape.columns, f"column of {node.shape.row}" if at[0] == "take" else "column")
    except ConfigError as error:
        raise StepError(error, at) from None


def _told_apart(form: Merge, other: Node, on: tuple[tuple[str, str], ...]) -> None:
    """Refuse what would multiply rows without a word."""
    key = other.shape.key
    if form.many or (key is not None and set(key) <= {theirs for _, theirs in on}):
        return
    told = "is not known to be one" if key is None else f"is one for each {' and '.join(key)}"
    raise StepError(
        ConfigError(
            "the merge could multiply rows", why=f"a row of the other side {told}",
            fix="merge on that, aggregate the other side first, or say `many: true`",
        ),
        ("on",),
    )  # fmt: skip


def union(node: Node, form: Below, context: Context) -> Node:
    other = _inner(form.steps, context)
    mine, theirs = node.shape, other.shape
    if mine.since is not None or theirs.since is not None or mine.paired != theirs.paired:
        node, other = pair(node), pair(other)
        mine, theirs = node.shape, other.shape
    missing = sorted(mine.columns.keys() ^ theirs.columns.keys())
    if missing:
        name = missing[0]
        side = "these rows" if name in theirs.columns else "the other steps"
        raise ConfigError(f"{side} have no column {name!r}", fix="give both sides the same columns")
    for name, type_ in mine.columns.items():
        left, right = kind(type_), kind(theirs.columns[name])
        if left and right and left != right:
            told = f"{name} is {called(left)} here, and {called(right)} in the other steps"
            raise ConfigError(told, fix="give both sides the same columns")
    open_ = mine.money_of or theirs.money_of
    shape = replace(
        mine, key=None, entity=None, money_of=open_, row=f"{mine.row} or {theirs.row}", summed=mine.summed & theirs.summed
    )  # fmt: skip
    return Union((node, other), shape)
