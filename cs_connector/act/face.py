"""What people shall see of us in a CRM, less what is there: piece by piece, and field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cs_connector.ports import SIGNATURE, Piece

_SIGNED = re.compile(re.escape(SIGNATURE).replace(re.escape("{installation}"), r"(\w+)") + "$")
Body = Mapping[str, Any]
Key = tuple[str, str]


class Standing(StrEnum):
    """What is to be done about a piece."""

    CREATE = "create"
    CHANGE = "change"
    ADOPT = "adopt"  # it is as it should be, and goes on record as ours
    THERE = "there"
    EDITED = "edited"  # ours, and somebody changed it: their word counts
    FOREIGN = "not_ours"  # it differs and somebody else made it
    LEFT = "left_over"  # ours, and not declared any more


TO_DO = frozenset({Standing.CREATE, Standing.CHANGE, Standing.ADOPT})


@dataclass(frozen=True, slots=True)
class Made:
    """A piece that is on record as ours, as we last asked for it."""

    piece: Piece
    number: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a piece; a `kept` one stays as it is in the CRM."""

    field: str
    was: Any
    wanted: Any
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One piece, as we declare it, and what is to be done about it. `ours` are those on record."""

    piece: Piece
    standing: Standing
    ours: bool = False
    differences: tuple[Difference, ...] = ()

    @property
    def to_do(self) -> bool:
        return self.standing in TO_DO

    @property
    def held(self) -> Piece:
        """The piece as the CRM has it, as far as that was compared."""
        return replace(self.piece, body={**self.piece.body, **{d.field: d.was for d in self.differences}})

    @property
    def sent(self) -> Piece:
        """The piece as it goes out: what people changed stays as they have it."""
        kept = {d.field: d.was for d in self.differences if d.kept}
        return replace(self.piece, body={**self.piece.body, **kept})


def key(piece: Piece) -> Key:
    return piece.kind, piece.name


def signed(pieces: Iterable[Piece], installation: str) -> list[Piece]:
    """The pieces with the name of this installation where they are to be signed."""
    return [
        replace(p, body={k: _sign(v, installation) for k, v in p.body.items()})
        if SIGNATURE in str(p.body)
        else p
        for p in pieces
    ]


def _sign(value: Any, installation: str) -> Any:
    return value.replace("{installation}", installation) if isinstance(value, str) else value


def signer(text: str) -> str | None:
    """The installation that signed a text."""
    found = _SIGNED.search(text)
    return found[1] if found else None


def strangers(steps: Iterable[Step]) -> list[str]:
    """Other installations whose name is where ours would be: they write to the same org."""
    values = (d.was for step in steps for d in step.differences if isinstance(d.was, str))
    return sorted({name for value in values if (name := signer(value))})


def compare(
    wanted: Sequence[Piece],
    present: Sequence[Piece | None],
    made: Mapping[Key, Made],
    *,
    adopt: bool = False,
) -> list[Step]:
    """A step for each wanted piece, in their order. `adopt` takes over what others made or changed."""
    return [
        _step(piece, found, made.get(key(piece)), adopt=adopt)
        for piece, found in zip(wanted, present, strict=True)
    ]


def left_over(made: Mapping[Key, Made], wanted: Sequence[Piece]) -> list[Step]:
    """What is on record as ours and not declared any more, in the order in which it is to be removed."""
    names = {key(piece) for piece in wanted}
    return [Step(m.piece, Standing.LEFT, ours=True) for m in backwards(made) if key(m.piece) not in names]


def backwards(made: Mapping[Key, Made]) -> list[Made]:
    """Everything that is on record as ours, the newest first: nothing goes before what needs it."""
    return sorted(made.values(), key=lambda m: -m.number)


def _step(piece: Piece, found: Piece | None, made: Made | None, *, adopt: bool) -> Step:
    ours = made is not None
    if found is None:
        return Step(piece, Standing.CREATE, ours)
    differences = tuple(_differences(piece.body, found.body, made.piece.body if made else None, adopt=adopt))
    if not differences:
        return Step(piece, Standing.ADOPT if adopt and not ours else Standing.THERE, ours)
    if all(d.kept for d in differences):
        return Step(piece, Standing.EDITED if ours else Standing.FOREIGN, ours, differences)
    return Step(piece, Standing.CHANGE, ours, differences)


def _differences(wanted: Body, found: Body, made: Body | None, *, adopt: bool) -> Iterator[Difference]:
    """A field that the CRM has as we made it may be changed, and an empty one that we had not asked for; any other is somebody's."""
    for name, value in wanted.items():
        was = found.get(name)
        if was == value or (isinstance(value, str) and was == _SIGNED.sub("", value)):  # unsigned is nobody's
            continue
        untouched = made is not None and (was == made[name] if name in made else not was)
        yield Difference(name, was, value, kept=not (untouched or adopt))
