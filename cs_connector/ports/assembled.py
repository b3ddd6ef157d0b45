"""An adapter that leaves its work to parts of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from .adapter import Adapter
from .face import Piece
from .writing import Change, Receipt


class Writing(Protocol):
    """What `write` and `cost` of an adapter promise."""

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]: ...

    def cost(self, changes: Sequence[Change]) -> int: ...


class Installing(Protocol):
    """What `present`, `install` and `remove` of an adapter promise."""

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]: ...

    def install(self, pieces: Sequence[Piece]) -> Sequence[Receipt]: ...

    def remove(self, pieces: Sequence[Piece]) -> Sequence[Receipt]: ...


W = TypeVar("W", bound=Writing)
P = TypeVar("P", bound=Installing)


class Assembled(Adapter, Generic[W, P]):
    """Writes by its `_writer` and installs by its `_provisioner`; who is assembled so makes both when it is built."""

    _writer: W
    _provisioner: P

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        return self._writer.write(changes)

    def cost(self, changes: Sequence[Change]) -> int:
        return self._writer.cost(changes)

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        return self._provisioner.present(pieces)

    def install(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        return self._provisioner.install(pieces)

    def remove(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        return self._provisioner.remove(pieces)
