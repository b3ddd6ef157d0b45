"""Rates of currencies by date, from `rates.yml`: what one unit is worth in the base currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cs_connector.config.documents import load, validate

FILE = "rates.yml"
Code = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RatesFile(BaseModel):
    """`rates`: from a date on, and until there is a newer one, what one unit of a currency is worth in `base`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    base: Code
    rates: dict[date, dict[Code, Rate]]


@dataclass(frozen=True, slots=True)
class Rates:
    """`rows` are (currency, from when on, worth), the base not among them."""

    base: str
    rows: tuple[tuple[str, date, float], ...]


def load_rates(folders: Iterable[Path]) -> Rates | None:
    """The rates of the first folder that has some. Raises ConfigError with file and line."""
    path = next((folder / FILE for folder in folders if (folder / FILE).exists()), None)
    if path is None:
        return None
    document = load(path)
    told = validate(RatesFile, document)
    days = Counter(map(str, document.data["rates"]))
    if twice := [key for key in document.data["rates"] if days[str(key)] > 1]:
        raise document.error(
            ("rates", twice[-1]), f"{twice[-1]} is there twice", fix="write its rates below one of them"
        )
    rows = [(code, day, rate) for day, rates in told.rates.items() for code, rate in rates.items()]
    based = [day for code, day, rate in rows if code == told.base and rate != 1]
    if based:
        where = ("rates", next(k for k in document.data["rates"] if str(k) == str(based[0])), told.base)
        raise document.error(where, f"one {told.base} is one {told.base}", fix="leave it out: it is the base")
    return Rates(told.base, _sorted(rows, told.base))


def _sorted(rows: Sequence[tuple[str, date, float]], base: str) -> tuple[tuple[str, date, float], ...]:
    return tuple(sorted(row for row in rows if row[0] != base))
