"""What was last known of each metric: columns filled forward within each relationship, as arrays, a fiftieth of what windows cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier runs measured of one metric, where that is known; `place` among the cells."""

    place: Array
    value: Array


@dataclass(frozen=True, slots=True)
class Cells:
    """Relationships (numbers) and days (since 1970), each pair once and in order.

    `own` are the places of those that are measured now, `first` of each cell the place of its relationship's first.
    """

    r: Array
    day: Array
    own: Array
    first: Array

    @classmethod
    def of(cls, own: tuple[Array, Array], earlier: tuple[Array, Array]) -> Cells:
        mine = _keys(*own)
        keys = np.unique(np.concatenate([mine, _keys(*earlier)]))
        r, day = keys >> 32, (keys & 0xFFFFFFFF).astype(np.int32)
        return cls(r, day, np.searchsorted(keys, mine), _begins(r))

    def places(self, r: Array, day: Array) -> Array:
        """Where pairs stand that are among the cells."""
        return np.searchsorted(_keys(self.r, self.day), _keys(r, day))


def fill(
    cells: Cells, own: pa.Table, lasting: Mapping[str, int], earlier: Callable[[str], Earlier | None]
) -> pa.Table:
    """`own` with `k_<metric>`, what is known or was for so many days, and `d_<metric>`, its date where it is carried.

    `own` has a row for each own cell, in their order, with `m_<metric>` in it; what earlier runs measured counts where it has no value.
    """
    for name, days in lasting.items():
        k, d = _carried(cells, own[f"m_{name}"], days, earlier(name))
        own = own.append_column(f"k_{name}", k).append_column(f"d_{name}", d)
    return own


def _carried(
    cells: Cells, column: pa.ChunkedArray, days: int, earlier: Earlier | None
) -> tuple[pa.ChunkedArray | pa.Array, pa.Array]:
    if not column.null_count:
        return column, pa.nulls(len(column), pa.date32())
    values, known, mine = _spread(cells, column)
    if earlier is not None:
        news = ~known[earlier.place]
        values[earlier.place[news]] = earlier.value[news]
        known[earlier.place[news]] = True
    last = _last(cells, known)[cells.own]
    lasts = (last >= 0) & (cells.day[cells.own] - cells.day[last] <= days)
    dates = pa.array(cells.day[last], pa.int32(), mask=~lasts | mine).view(pa.date32())
    return pa.array(values[last], mask=~lasts), dates


def left(cells: Cells, column: pa.ChunkedArray | None, earlier: Earlier) -> Array:
    """Which of what earlier runs measured is to be remembered: of each month the last, unless that or a later day of it is known now.

    Gives places within `earlier`, which is in order.
    """
    months = _months(cells)
    known = np.zeros(len(cells.r), bool) if column is None else _spread(cells, column)[1]
    ahead = np.minimum.accumulate(np.where(known, np.arange(len(known)), len(known))[::-1])[::-1]
    heard = np.append(months, -1)[ahead[earlier.place]] == months[earlier.place]
    found = np.flatnonzero(~heard)
    month = months[earlier.place[found]]
    newest: Array = found[np.append(month[1:] != month[:-1], np.ones(min(len(month), 1), bool))]
    return newest


def _spread(cells: Cells, column: pa.ChunkedArray) -> tuple[Array, Array, Array]:
    """The values of own cells at the places of all cells, whether each is known, and the latter of own cells alone."""
    mine = column.is_valid().to_numpy()
    values, known = np.zeros(len(cells.r)), np.zeros(len(cells.r), bool)
    values[cells.own], known[cells.own] = column.to_numpy(), mine
    return values, known, mine


def _last(cells: Cells, known: Array) -> Array:
    """Of each cell the place of the last known one of its relationship; −1 where there is none."""
    place = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.where(place >= cells.first, place, -1)


def _months(cells: Cells) -> Array:
    """A number for each relationship and month."""
    month = cells.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return _keys(cells.r, month)


def _keys(r: Array, day: Array) -> Array:
    return (r.astype(np.int64) << 32) + day.astype(np.int64)


def _begins(r: Array) -> Array:
    places = np.arange(len(r))
    starts = np.append(True, r[1:] != r[:-1])[: len(r)]
    return np.maximum.accumulate(np.where(starts, places, 0))
