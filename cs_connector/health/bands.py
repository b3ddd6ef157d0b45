"""What a rounded score is called: the limits of red, yellow and green, as `bands.yml` declares them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field

from cs_connector.config.documents import Document, load, validate
from cs_connector.errors import ConfigError
from cs_connector.language.steps import Strict

FILE = "bands.yml"
Limits = tuple[int, int]


class Bands(Strict):
    """The limits of each band, worst first: closed below, open above; the last is closed at 100. The names are those of the CRM."""

    red: Limits = (0, 50)
    yellow: Limits = (50, 75)
    green: Limits = (75, 100)

    @property
    def limits(self) -> dict[str, Limits]:
        """By name, worst first."""
        return {"red": self.red, "yellow": self.yellow, "green": self.green}

    @property
    def above(self) -> dict[str, int]:
        """By name where the next better band begins; nothing is above the best."""
        return {"red": self.red[1], "yellow": self.yellow[1]}

    def of(self, score: int) -> str:
        """What a rounded score is called."""
        return next((name for name, (_, end) in self.limits.items() if score < end), "green")

    def sql(self, score: str) -> str:
        """SQL: the band of a rounded score."""
        return (
            f"CASE WHEN {score} IS NULL THEN 'unknown' WHEN {score} < {self.red[1]} THEN 'red' "
            f"WHEN {score} < {self.yellow[1]} THEN 'yellow' ELSE 'green' END"
        )


DEFAULT = Bands()


class BandFile(Strict):
    version: Literal[1] = 1
    bands: Bands = Field(default_factory=Bands)


def load_bands(layers: Sequence[Path]) -> Bands:
    """Those of the last layer that declares some, or else the usual. Raises ConfigError with file and line."""
    found = [layer / FILE for layer in layers if (layer / FILE).exists()]
    if not found:
        return DEFAULT
    document = load(found[-1])
    bands = validate(BandFile, document).bands
    for error in unsound(document, bands):
        raise error
    return bands


def unsound(document: Document, bands: Bands) -> Iterator[ConfigError]:
    """What is wrong with limits that are numbers: every score from 0 to 100 is to have one band."""
    named = list(bands.limits.items())
    for name, (low, high) in named:
        if low >= high:
            yield _error(document, name, f"{name} is empty", f"it begins at {low} and ends at {high}")
    for (one, (_, end)), (two, (begin, _)) in pairwise(named):
        if begin != end:
            what = f"{one} and {two} overlap" if begin < end else f"there is a gap between {one} and {two}"
            yield _error(document, two, what, f"{one} ends at {end}, and {two} begins at {begin}")
    (first, (least, _)), (last, (_, most)) = named[0], named[-1]
    if least != 0:
        yield _error(document, first, "the bands do not begin at 0", f"{first} begins at {least}")
    if most != 100:
        yield _error(document, last, "the bands do not end at 100", f"{last} ends at {most}")


def _error(document: Document, name: str, what: str, why: str) -> ConfigError:
    fix = "let each band begin where the one below it ends, from 0 to 100, as in red: [0, 50], yellow: [50, 75], green: [75, 100]"
    return document.error(("bands", name), what, why=why, fix=fix)
