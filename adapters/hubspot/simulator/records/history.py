"""The values that properties had, per record: who set them and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import msgspec

from ..times import iso

# HubSpot shows so many versions of a property, the newest first; of a contact's more.
SHOWN, SHOWN_OF_CONTACTS, CONTACTS = 20, 45, "0-1"


class Source(NamedTuple):
    """What made a change: a kind of source of HubSpot's, and which one."""

    type: str
    id: str | None = None


UNKNOWN = Source("CRM_UI")  # whoever made what has always been there
PERSON = Source("CRM_UI", "userId:72929209")
APP = Source("INTEGRATION", "18221010")
MERGE = Source("MERGE_OBJECTS")
CALCULATED = Source("CALCULATED")


class Version(NamedTuple):
    """A value from a moment on; "" where it was cleared. `at` is in milliseconds."""

    value: str
    at: int
    source: str
    source_id: str | None


_Versions = dict[str, list[Version]]
_decoder = msgspec.msgpack.Decoder(_Versions)


@dataclass(slots=True)
class History:
    """Only what changed since the portal was filled is kept, packed; the rest is read from the record itself."""

    packed: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(dict(self.packed))

    def note(
        self,
        key: tuple[str, int],
        before: Mapping[str, str] | None,
        after: Mapping[str, str],
        moments: tuple[int, int],
        source: Source,
    ) -> None:
        """Keep what a write changed. `moments` are those of the write and of the creation of the record."""
        now, created = moments
        held = self._held(key)
        old = before or {}
        names = [name for name in old.keys() | after.keys() if old.get(name, "") != after.get(name, "")]
        for name in names:
            versions = held.setdefault(name, [])
            if not versions and name in old:
                versions.append(Version(old[name], created, *UNKNOWN))
            versions.append(Version(after.get(name, ""), now, *source))
            del versions[:-SHOWN_OF_CONTACTS]
        if names:
            self.packed[key] = msgspec.msgpack.encode(held)

    def forget(self, key: tuple[str, int]) -> None:
        self.packed.pop(key, None)

    def clear(self, key: tuple[str, int], names: Iterable[str], at: int) -> None:
        """Properties that were cleared before anybody looked."""
        versions = {name: [Version("", at, *UNKNOWN)] for name in names}
        if versions:
            self.packed[key] = msgspec.msgpack.encode(self._held(key) | versions)

    def cleared(self, key: tuple[str, int]) -> Iterable[str]:
        """The properties whose last change took their value away."""
        if key not in self.packed:
            return ()
        return [name for name, versions in self._held(key).items() if versions[-1].value == ""]

    def shown(self, key: tuple[str, int], properties: Mapping[str, str], name: str, at: str) -> list[Any]:
        """The versions of a property as the API shows them; `at` is when a record without history began."""
        versions = self._held(key).get(name)
        if versions is None:
            value = properties.get(name)
            return [] if value is None else [_entry(value, at, *UNKNOWN)]
        most = SHOWN_OF_CONTACTS if key[0] == CONTACTS else SHOWN
        return [_entry(v.value, iso(v.at), v.source, v.source_id) for v in versions[: -most - 1 : -1]]

    def _held(self, key: tuple[str, int]) -> _Versions:
        packed = self.packed.get(key)
        return {} if packed is None else _decoder.decode(packed)


def _entry(value: str, at: str, source: str, source_id: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": value, "timestamp": at, "sourceType": source}
    return entry if source_id is None else {**entry, "sourceId": source_id}
