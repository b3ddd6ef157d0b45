"""SELECT as a function from a record to its JSON form, and to its CSV cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .paths import Getter, Parent, Paths, Reached
from .rows import Row
from .schema import ObjectType

Render = Callable[[Row], dict[str, Any]]
Draw = Callable[[Row], Any]


@dataclass(slots=True)
class Picture:
    """The keys of one object in an answer, in the order of the query."""

    url: str
    parts: list[tuple[str, Draw]] = field(default_factory=list)
    parents: dict[str, Picture] = field(default_factory=dict)

    def add(self, reached: Reached, getter: Getter) -> None:
        """Show a field of this object or, through its parents, of another."""
        picture = self
        for parent in reached.parents:
            picture = picture.above(parent)
        picture.parts.append((reached.field.name, getter))

    def above(self, parent: Parent) -> Picture:
        """The picture of a parent, inside this one."""
        if parent.name not in self.parents:
            inner = self.parents[parent.name] = Picture(self.url)
            self.parts.append((parent.name, _parent(parent, inner)))
        return self.parents[parent.name]

    def renderer(self, type_name: Callable[[Row], str]) -> Render:
        url, parts = self.url, self.parts

        def render(row: Row) -> dict[str, Any]:
            name = type_name(row)
            made: dict[str, Any] = {"attributes": {"type": name, "url": f"{url}/{name}/{row['Id']}"}}
            for key, draw in parts:
                made[key] = draw(row)
            return made

        return render


def _parent(parent: Parent, inner: Picture) -> Draw:
    names = {t.prefix: t.name for t in parent.targets}
    go = parent.go
    render = inner.renderer(lambda row: names[row["Id"][:3]])

    def draw(row: Row) -> Any:
        above = go(row)
        return None if above is None else render(above)

    return draw


def own_getter(paths: Paths, obj: ObjectType, reached: Reached) -> Getter:
    """How to read the field from the record that holds it."""
    holder = reached.parents[-1].targets[0] if reached.parents else obj
    return paths.getter(holder, reached.field)
