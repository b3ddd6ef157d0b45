"""Is everything in order: connections, store, mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cs_connector.config.documents import suggest
from cs_connector.errors import ConnectorError
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile, ReadRule, WriteRule

from .engine import Engine


def check(engine: Engine) -> list[dict[str, Any]]:
    """Every check with its verdict and, where it failed, the fix."""
    found = [_tried("store", lambda: _store(engine))]
    for name in engine.project.settings.connections:
        who = partial(_who, engine, name)
        found += [_tried(f"connection {name}", who)]
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
    if not engine.adapter(name).capabilities.writes:  # such as files: there is no org to endanger
        kind = "read only"
    return f"{identity.name or identity.org_id} ({identity.org_id}), {kind}"


def mappings(engine: Engine) -> list[dict[str, str]]:
    """Every mapped object and field that a connection does not have, with file, line and a suggestion."""
    return [problem for source in engine.sources() for problem in _unmapped(engine, source)]


def _unmapped(engine: Engine, source: Source) -> Iterator[dict[str, str]]:
    wanted = source.mapping.objects()
    known = {
        o.name: {f.name for f in o.fields} for o in engine.adapter(source.connection).describe(list(wanted))
    }
    for name, fields in wanted.items():
        have = known.get(name)
        if have is None:
            yield _problem(source, name, "", f"{name} is not an object", known)
            continue
        for field in fields:
            if field not in have and "." not in field:
                yield _problem(source, name, field, f"{name}.{field} is not a field", have)


def _problem(source: Source, name: str, field: str, what: str, known: Iterable[str]) -> dict[str, str]:
    document = source.mapping.document
    assert document is not None
    return {
        "connection": source.connection,
        "place": str(document.place(_where(source.mapping, name, field))),
        "what": f"{what} of {source.connection}",
        "fix": suggest(field or name, known) or "remove it, or ask the admin for permission",
    }


def _where(mapping: MappingFile, name: str, field: str) -> tuple[str | int, ...]:
    """The keys that lead to the first mention of a field in a mapping file."""
    parts: tuple[tuple[str, Sequence[ReadRule | WriteRule]], ...] = (
        ("read", mapping.read),
        ("write", mapping.write),
    )
    objects = [
        (part, n, rule) for part, rules in parts for n, rule in enumerate(rules) if rule.object == name
    ]
    for part, index, rule in objects:
        for attribute, how in rule.fields.items():
            if attribute == field or field in getattr(how, "sources", ()):
                return (part, index, "fields", attribute)
    return (*objects[0][:2], "object") if objects else ()
