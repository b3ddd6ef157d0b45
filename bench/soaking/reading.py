"""The real job `sync`, on one connection and some of its objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from cs_connector import registry
from cs_connector.config import Project
from cs_connector.ports import Adapter, Clock
from cs_connector.runner.engine import Engine
from cs_connector.runner.summary import ObjectLine, Summary
from cs_connector.store.leases import release, take
from cs_connector.store.store import Store
from cs_connector.testing import MemoryTokens
from cs_connector.unify import MappingFile, Source, load_mapping

from .project import MAPS

Wrap = Callable[[Adapter], Adapter]


class Reading(Engine):
    """An engine of one connection with some of the objects of its mapping; `wrap` is laid around its adapter."""

    chosen: tuple[str, ...]
    wrap: Callable[[Adapter], Adapter]

    def sources(self) -> list[Source]:
        (name,) = self.project.settings.connections
        whole = mapping(name)
        kept = [rule for rule in whole.read if rule.object in self.chosen]
        return [Source(name, whole.crm, 0, whole.model_copy(update={"read": kept}))]

    def adapter(self, name: str) -> Adapter:
        if name not in self._adapters:
            self._adapters[name] = self.wrap(self._build(name))
        return self._adapters[name]

    def leave(self) -> None:
        """Close all but the store."""
        for adapter in self._adapters.values():
            adapter.close()
        if self._keeper:
            self._keeper.close()


def sync(
    project: Project, store: Store, clock: Clock, objects: Sequence[str], run: str, wrap: Wrap
) -> list[ObjectLine]:
    """Read what changed. Raises what the job raises."""
    store.recover()
    lease = take(store.state, "run", run, clock)
    engine = Reading(project, store, clock, MemoryTokens(), clock.now().date(), lease)
    engine.chosen, engine.wrap = tuple(objects), wrap
    engine.summary = Summary(run, engine.as_of.isoformat())
    try:
        registry.job("sync")(engine)
    finally:
        engine.leave()
        release(store.state, lease)
    return engine.summary.objects


def as_it_is(adapter: Adapter) -> Adapter:
    return adapter


def known(crm: str) -> tuple[str, ...]:
    """The objects that can be read of a CRM."""
    return tuple(mapping(crm).objects())


@cache
def mapping(crm: str) -> MappingFile:
    return load_mapping(MAPS / f"{crm}.yml")
