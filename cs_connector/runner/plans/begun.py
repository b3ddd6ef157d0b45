"""Which fields a plan would be the first of ours to write; those of the mappings that ship are made for us."""

from __future__ import annotations

from functools import cached_property

import sqlalchemy as sa

from cs_connector.act.guarding.begun import never_told
from cs_connector.runner.engine import Engine
from cs_connector.unify import load_mapping


class Begun:
    """Answers whether a plan that writes a field begins it, which nothing does in an org that we never wrote to."""

    def __init__(self, engine: Engine, db: sa.Connection) -> None:
        self._engine, self._db = engine, db

    def __call__(self, connection: str, name: str, field: str) -> bool:
        if connection in self._untouched or not never_told(self._db, connection, name, field):
            return False
        return (name, field) not in self._shipped

    @cached_property
    def _untouched(self) -> frozenset[str]:
        """Connections whose mapping is one that ships, as it is: most of them, and nothing needs to be looked up."""
        project = self._engine.project
        mappings = {n: c.mapping or c.adapter for n, c in project.settings.connections.items()}
        return frozenset(n for n, m in mappings.items() if project.mapping(m).parent in project.shipped)

    @cached_property
    def _shipped(self) -> frozenset[tuple[str, str]]:
        """Objects and fields; files are read only where it comes to that."""
        layers = self._engine.project.shipped
        adapters = {c.adapter for c in self._engine.project.settings.connections.values()}
        paths = [path for layer in layers for name in adapters if (path := layer / f"{name}.yml").exists()]
        rules = [rule for path in paths for rule in load_mapping(path, layers[::-1]).write]
        return frozenset((rule.object, field) for rule in rules for field in rule.fields)
