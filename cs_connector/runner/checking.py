"""Is everything in order: connections, store, mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_connector.config.documents import suggest
from cs_connector.errors import ConnectorError

from .engine import Engine


def check(engine: Engine) -> list[dict[str, Any]]:
    """Every check with its verdict and, where it failed, the fix."""
    found = [_tried("store", lambda: _store(engine))]
    for name in engine.project.settings.connections:
        found.append(_tried(f"connection {name}", lambda name=name: _who(engine, name)))  # type: ignore[misc]
    return found


def _tried(name: str, work: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "text": work(), "fix": ""}
    except ConnectorError as error:
        text = error.what + (f": {error.why}" if error.why else "")
        return {"name": name, "ok": False, "text": text, "fix": error.fix}


def _store(engine: Engine) -> str:
    engine.store.state.check()
    return f"{engine.store.state.engine.dialect.name}, {len(engine.store.facts.datasets())} datasets"


def _who(engine: Engine, name: str) -> str:
    identity = engine.identify(name)
    kind = "sandbox" if identity.sandbox else "PRODUCTION"
    return f"{identity.name or identity.org_id} ({identity.org_id}), {kind}"


def mappings(engine: Engine) -> list[dict[str, str]]:
    """Every mapped object and field that a connection does not have, with file, line and a suggestion."""
    problems = []
    for source in engine.sources():
        document = source.mapping.document
        assert document is not None
        wanted = source.mapping.objects()
        known = {o.name: {f.name for f in o.fields} for o in engine.adapter(source.connection).describe(list(wanted))}
        for name, fields in wanted.items():
            for field in fields or ("",):
                have = known.get(name)
                if have is not None and (not field or field in have or "." in field):
                    continue
                what = f"{name}.{field} is not a field" if have is not None else f"{name} is not an object"
                place = document.place(_where(source.mapping.read, source.mapping.write, name, field))
                problems.append(
                    {
                        "connection": source.connection,
                        "place": str(place),
                        "what": f"{what} of {source.connection}",
                        "fix": suggest(field, have or known) or "remove it, or ask the admin for permission",
                    }
                )
                if have is None:
                    break
    return problems


def _where(read: Any, write: Any, name: str, field: str) -> tuple[str | int, ...]:
    """The keys that lead to the first mention of a field in a mapping file."""
    for part, rules in (("read", read), ("write", write)):
        for index, rule in enumerate(rules):
            if rule.object != name:
                continue
            for attribute, how in rule.fields.items():
                if attribute == field or field in getattr(how, "sources", ()):
                    return (part, index, "fields", attribute)
            return (part, index, "object")
    return ()
