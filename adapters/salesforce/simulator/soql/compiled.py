"""What was worked out from the fields of objects, kept until one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from ..schema.schema import ObjectType

T = TypeVar("T")
MOST = 1000


class Compiled(Generic[T]):
    """Whoever changes fields gives them another state, so the same states mean the same result."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[Sequence[ObjectType], list[object], T]] = {}

    def forget(self) -> None:
        self._held.clear()

    def known(self, key: Hashable, obj: ObjectType) -> T | None:
        """What was made before, as long as it is good."""
        held = self._held.get(key)
        if held is None or held[0][0] is not obj:
            return None
        for each, state in zip(held[0], held[1], strict=True):
            if each.fields.state != state:
                return None
        return held[2]

    def of(
        self, key: Hashable, obj: ObjectType, make: Callable[[], tuple[T, Sequence[ObjectType] | None]]
    ) -> T:
        """What `make` gives, and the objects other than `obj` whose fields it was made from; without those it is not kept."""
        known = self.known(key, obj)
        if known is not None:
            return known
        if len(self._held) >= MOST:
            self._held.clear()
        made, others = make()
        if others is None:
            return made
        objects = tuple({each.name: each for each in (obj, *others)}.values())
        self._held[key] = objects, _states(objects), made
        return made


def _states(objects: Sequence[ObjectType]) -> list[object]:
    return [obj.fields.state for obj in objects]
