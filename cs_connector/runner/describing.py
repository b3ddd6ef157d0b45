"""What the objects of a connection look like now, asked once a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cs_connector.ports import ObjectInfo

from .engine import Engine


def described(engine: Engine, connection: str, objects: Sequence[str]) -> Mapping[str, ObjectInfo]:
    """Those of the named objects that can be seen. Raises AdapterError."""
    known = engine.described.setdefault(connection, {})
    missing = [name for name in objects if name not in known]
    if missing:
        found = {info.name: info for info in engine.adapter(connection).describe(missing)}
        known.update({name: found.get(name) for name in missing})
    return {name: info for name in objects if (info := known[name]) is not None}
