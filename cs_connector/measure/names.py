"""What metrics may be called, and the entities of which they say how those must have been read."""

from __future__ import annotations

import re

from cs_connector.config.documents import Document, suggest
from cs_connector.measure.study import Metric
from cs_connector.model import ENTITIES

_OURS = frozenset({"r", "today", "relationship_id", "account_id", "on_date", "name"})


def proper(document: Document, name: str, metric: Metric) -> None:
    """Raises ConfigError with the line for a name that is none, for one of ours and for an entity that there is not."""
    if not re.fullmatch(r"[^\W\d]\w{0,59}", name):
        fix = "use letters, digits and _, a letter first, at most 60 of them"
        raise document.error(("metrics", name), f"{name!r} is no name for a metric", fix=fix)
    if name.lower() in _OURS:
        raise document.error(("metrics", name), f"{name!r} is a name of ours", fix="choose another")
    named = {"complete": metric.complete, "intact": metric.intact}
    for key, index, entity in ((k, i, e) for k, listed in named.items() for i, e in enumerate(listed)):
        if entity not in ENTITIES:
            fix = suggest(entity, ENTITIES) or f"known: {', '.join(sorted(ENTITIES))}"
            raise document.error(("metrics", name, key, index), f"there is no entity {entity!r}", fix=fix)
    if metric.sure and not metric.intact:
        fix = "say in `intact` which feeds, or use `known`"
        raise document.error(("metrics", name, "sure"), "`sure` needs `intact`", fix=fix)


def taken(metric: str, study: str, seen: dict[str, tuple[str, str]]) -> str:
    """Adds the name to those that were seen, in small letters with the name and its study; or says why it is none of its own."""
    other, home = seen.setdefault(metric.lower(), (metric, study))
    if (other, home) == (metric, study):
        return ""
    return (
        f"{metric} is in {home}.yml already"
        if other == metric
        else f"{metric} and {other} of {home}.yml differ in capitals only"
    )
