"""Who belongs to whom: groups of companies, up to five deep, told from the index alone."""

from __future__ import annotations

from . import names

BLOCK = 20
_ROOT = 9
# By place in a block of twenty: child → parent. The first eight places of a block always stand alone.
_DEEP = {10: 9, 11: 10, 12: 11, 13: 12, 14: 9, 15: 9}
_WIDE = {10: 9, 11: 9, 12: 9, 13: 12, 14: 9}
_SMALL = {10: 9, 11: 9}
_SHAPES: tuple[dict[int, int], ...] = (_DEEP, _WIDE, _SMALL, {})


def parent_of(index: int) -> int | None:
    """The index of the parent account, which is lower; None for one that stands alone or on top."""
    block, place = divmod(index, BLOCK)
    parent = _SHAPES[block % len(_SHAPES)].get(place)
    return None if parent is None else block * BLOCK + parent


def title_of(seed: int, index: int) -> tuple[str, str]:
    """Name and trade: a child bears the name of its group and a word of its own."""
    if parent_of(index) is None:
        return names.stem(seed, index)
    block, place = divmod(index, BLOCK)
    group, trade = names.stem(seed, block * BLOCK + _ROOT)
    return f"{group} {names.DIVISIONS[place - _ROOT - 1]}", trade
