"""The path table: the numbered and the dated family of paths lead to the same endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cs_connector.sandbox.wire import Request, Response

from .call import Call
from .errors import no_such_path, not_allowed

Endpoint = Callable[[Call], Response]
NUMBERED = re.compile(r"v[1-4]")
DATED = frozenset({"2026-03", "2026-09"})


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` is a path without its version, `*` for a variable part; `version` the numbered one it had."""

    method: str
    pattern: tuple[str, ...]
    version: str
    endpoint: Endpoint

    def args(self, path: Sequence[str]) -> tuple[str, ...] | None:
        """The variable parts, where the path fits."""
        if len(path) != len(self.pattern):
            return None
        pairs = list(zip(self.pattern, path, strict=True))
        if any(want not in ("*", part) for want, part in pairs):
            return None
        return tuple(part for want, part in pairs if want == "*")


def route(method: str, path: str, version: str, endpoint: Endpoint) -> Route:
    return Route(method, tuple(path.split("/")), version, endpoint)


class Routes:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for each in routes:
            self._routes.setdefault(each.pattern[0], []).append(each)

    def find(self, request: Request) -> tuple[Route, Call]:
        """Raises Refusal 404 for a path that does not exist, 405 for a method that it does not have."""
        version, path = _split(request.segments)
        other_method = False
        for each in self._routes.get(path[0] if path else "", ()):
            args = each.args(path)
            if args is None or (version not in DATED and version not in each.version.split()):
                continue
            if each.method == request.method:
                return each, Call(request, version in DATED, args)
            other_method = True
        raise not_allowed() if other_method else no_such_path()


def _split(segments: Sequence[str]) -> tuple[str, list[str]]:
    """The version and the path without it. Numbered: /crm/v3/objects; dated: /crm/objects/2026-03."""
    match segments:
        case ["crm", version, *rest] if NUMBERED.fullmatch(version):
            return version, rest
        case ["crm", noun, version, *rest] if version in DATED:
            return version, [noun, *rest]
        case ["crm-object-schemas", version, *rest]:
            return version, rest
        case [noun, version, *rest]:
            return version, [noun, *rest]
    return "", []
