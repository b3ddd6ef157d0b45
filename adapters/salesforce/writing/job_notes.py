"""What is noted of ingest jobs, so that the next life asks for their results instead of sending again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cs_connector.ports import Action, Notes

from .groups import Group

_PREFIX = "ingest/"


class Noted(msgspec.Struct, frozen=True):
    """A job and what it writes."""

    job: str
    object: str
    action: Action
    key_field: str | None = None


class JobNotes:
    """Without a place for notes nothing is noted."""

    def __init__(self, notes: Notes | None) -> None:
        self._notes = notes

    def begin(self, job: str, group: Group) -> None:
        if self._notes is not None:
            noted = Noted(job, group.object, group.action, group.key_field)
            self._notes.keep(f"{_PREFIX}{job}", msgspec.json.encode(noted).decode())

    def all(self) -> Sequence[Noted]:
        if self._notes is None:
            return ()
        names = [name for name in self._notes.names() if name.startswith(_PREFIX)]
        kept = (self._notes.read(name) for name in names)
        return [msgspec.json.decode(text, type=Noted) for text in kept if text]

    def drop(self, job: str) -> None:
        if self._notes is not None:
            self._notes.drop(f"{_PREFIX}{job}")
