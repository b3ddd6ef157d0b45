"""The path table: the numbered and the dated family of paths lead to the same endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cs_connector.sandbox.wire import Request, Response

from .call import Call
from .errors import no_such_path, not_allowed, unsimulated
from .unsimulated import missing_area

Endpoint = Callable[[Call], Response]
NUMBERED = re.compile(r"v[1-4]")
DATED = frozenset({"2026-03", "2026-09"})
BETA = re.compile(r"20\d\d-\d\d-beta")
_OLD = frozenset({"owners", "properties"})  # nouns that the first versions had too, outside of /crm


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` is a path without its version, `*` for a variable part; `versions` the numbered ones it had."""

    method: str
    pattern: tuple[str, ...]
    versions: frozenset[str]
    endpoint: Endpoint
    dated: bool = True

    def args(self, path: Sequence[str]) -> tuple[str, ...] | None:
        """The variable parts, where the path fits; the lengths are equal."""
        found = []
        for want, part in zip(self.pattern, path, strict=True):
            if want == "*":
                found.append(part)
            elif want != part:
                return None
        return tuple(found)

    def speaks(self, version: str) -> bool:
        return version in self.versions or (self.dated and version in DATED) or not self.versions


def route(method: str, path: str, versions: str, endpoint: Endpoint, *, dated: bool = True) -> Route:
    return Route(method, tuple(path.split("/")), frozenset(versions.split()), endpoint, dated)


class Routes:
    """Found by the first part and the length of a path; of several that fit, the first one counts."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for each in routes:
            self._routes.setdefault((each.pattern[0], len(each.pattern)), []).append(each)

    def find(self, request: Request) -> tuple[Route, Call]:
        """Raises Refusal 404 for a path that does not exist, 405 for a method that it does not have,
        501 for what is not simulated.
        """
        version, path = split(request.segments)
        near = self._routes.get((path[0], len(path)) if path else ("", 0), ())
        for each in near:
            if each.method == request.method and each.speaks(version):
                args = each.args(path)
                if args is not None:
                    return each, Call(request, version in DATED, args)
        other_method = any(each.speaks(version) and each.args(path) is not None for each in near)
        if BETA.fullmatch(version):
            raise unsimulated(f"the version {version}")
        raise (missing_area(path) or no_such_path()) if not other_method else not_allowed()


def split(segments: Sequence[str]) -> tuple[str, list[str]]:
    """The version and the path without it.

    Numbered: /crm/v3/objects, /oauth/v1/token; dated: /crm/objects/2026-03, /oauth/2026-03/token.
    """
    if segments[:1] == ["crm"]:
        return _crm(segments[1:])
    match segments:
        case ["oauth", *_, "authorize"]:
            return "", ["oauth", "authorize"]
        case ["crm-object-schemas", version, *rest]:
            return version, rest
        case [noun, version, *rest] if noun in _OLD:
            return version, [f"{noun}-{version}", *rest]
        case [noun, version, *rest]:
            return version, [noun, *rest]
    return "", list(segments)


def _crm(segments: Sequence[str]) -> tuple[str, list[str]]:
    match segments:
        case [version, *rest] if NUMBERED.fullmatch(version):
            return version, rest
        case ["associations", "v4", *rest]:
            return "v4", ["associations", *rest]
        case [noun, version, *rest] if version in DATED or BETA.fullmatch(version):
            return version, [noun, *rest]
    return "", list(segments)
