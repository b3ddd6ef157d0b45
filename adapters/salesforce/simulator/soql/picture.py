"""A record as JSON: the keys of an object, in the order of the query, with its parents inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..writing.rows import Row
from .paths import NAME, Getter, Parent

Render = Callable[[Row], dict[str, Any]]
Draw = Callable[[Row], Any]


@dataclass(slots=True)
class Picture:
    """What to show of one object; `url` is that of all objects."""

    url: str
    parts: list[tuple[str, Draw]] = field(default_factory=list)
    parents: dict[str, Picture] = field(default_factory=dict)

    def add(self, parents: tuple[Parent, ...], key: str, own: Getter) -> None:
        """Show under `key` what `own` reads from this object or, through its parents, from another."""
        picture = self
        for parent in parents:
            picture = picture.above(parent)
        picture.parts.append((key, own))

    def above(self, parent: Parent) -> Picture:
        """The picture of a parent, inside this one."""
        if parent.name not in self.parents:
            inner = self.parents[parent.name] = Picture(self.url)
            self.parts.append((parent.name, inner.inside(parent)))
        return self.parents[parent.name]

    def inside(self, parent: Parent) -> Draw:
        """How a child shows this picture of its parent; one of several objects bears the type Name."""
        names = {t.prefix: t.name for t in parent.targets}
        go = parent.go
        render = self.renderer(lambda row: names[row["Id"][:3]], NAME if parent.polymorphic else None)

        def draw(row: Row) -> Any:
            above = go(row)
            return None if above is None else render(above)

        return draw

    def renderer(self, object_name: Callable[[Row], str], shown_type: str | None = None) -> Render:
        """`shown_type` is the type in `attributes` where it is not the object's name."""
        url, parts = self.url, self.parts

        def render(row: Row) -> dict[str, Any]:
            name = object_name(row)
            made: dict[str, Any] = {
                "attributes": {"type": shown_type or name, "url": f"{url}/{name}/{row['Id']}"}
            }
            for key, draw in parts:
                made[key] = draw(row)
            return made

        return render
