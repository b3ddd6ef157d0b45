"""Pieces as they are in an org, put into it and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cs_connector.errors import AdapterError
from cs_connector.ports import Piece, Receipt, Storage, Verdict

from .access import ASSIGNMENT
from .assigning import Assignments
from .filled import Filled
from .receipts import ends_it, failed, put_off, told
from .shape import like
from .soap import MOST, MetadataApi

RECORD_MB = 2 / 1024
"""Most records take 2 KB, whatever is in them (vendor: help on data storage)."""
_PERMISSION_SET = "PermissionSet"


class Provisioner:
    """`limits` answers /limits of the REST API."""

    def __init__(
        self,
        api: MetadataApi,
        assignments: Assignments,
        filled: Filled,
        limits: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._api, self._assignments, self._filled, self._limits = api, assignments, filled, limits

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        found: dict[tuple[str, str], Piece | None] = {}
        for kind, given in _by_kind(pieces):
            held = self._assignments.present(given) if kind == ASSIGNMENT else self._read(kind, given)
            found |= {(p.kind, p.name): now for p, now in zip(given, held, strict=True)}
        return [found[piece.kind, piece.name] for piece in pieces]

    def install(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        return _through(pieces, self._install)

    def remove(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        return _through(pieces, self._remove)

    def filled(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        return self._filled.counts(pieces)

    def storage(self) -> Storage | None:
        room = self._limits().get("DataStorageMB")
        if not room:
            return None
        return Storage(float(room["Max"] - room["Remaining"]), float(room["Max"]), RECORD_MB)

    def _read(self, kind: str, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        found: dict[str, Mapping[str, Any]] = {}
        for some in _chunks(pieces):
            found |= self._api.read(kind, [piece.name for piece in some])
        return [_as_found(piece, found.get(piece.name.lower())) for piece in pieces]

    def _install(self, kind: str, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        if kind == ASSIGNMENT:
            return [self._assignments.assign(piece) for piece in pieces]
        results = self._api.upsert(kind, {piece.name: piece.body for piece in pieces})
        return [told(piece, result, Verdict.UPDATED) for piece, result in zip(pieces, results, strict=True)]

    def _remove(self, kind: str, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        if kind == ASSIGNMENT:
            return [self._assignments.take(piece) for piece in pieces]
        if kind == _PERMISSION_SET:
            for piece in pieces:
                self._assignments.release(piece.name)
        results = self._api.delete(kind, [piece.name for piece in pieces])
        return [told(piece, result, Verdict.DELETED) for piece, result in zip(pieces, results, strict=True)]


def _through(
    pieces: Sequence[Piece], act: Callable[[str, Sequence[Piece]], Sequence[Receipt]]
) -> Sequence[Receipt]:
    """One receipt a piece. Where a request fails, what follows it is put off: it may need what was not made."""
    receipts: list[Receipt] = []
    for kind, given in _runs(pieces):
        try:
            receipts += act(kind, given)
        except AdapterError as error:
            receipts += [failed(piece, error) for piece in given]
            if ends_it(error):
                return receipts + put_off(pieces[len(receipts) :], error)
    return receipts


def _runs(pieces: Sequence[Piece]) -> Iterator[tuple[str, list[Piece]]]:
    """Pieces of one kind that follow each other, as many as a call takes."""
    for kind, run in groupby(pieces, key=lambda piece: piece.kind):
        for some in _chunks(list(run)):
            yield kind, list(some)


def _by_kind(pieces: Sequence[Piece]) -> Iterator[tuple[str, list[Piece]]]:
    kinds = dict.fromkeys(piece.kind for piece in pieces)
    return ((kind, [piece for piece in pieces if piece.kind == kind]) for kind in kinds)


def _chunks(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    return (pieces[start : start + MOST] for start in range(0, len(pieces), MOST))


def _as_found(piece: Piece, body: Mapping[str, Any] | None) -> Piece | None:
    return None if body is None else Piece(piece.kind, piece.name, like(piece.body, body), piece.part)
