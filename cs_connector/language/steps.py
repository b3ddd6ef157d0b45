"""The steps of a metric, as data. A closed list: what is not here cannot be said."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(Strict):
    """Keep rows whose date lies before `today`: within `days`, or within full calendar `months`, or at all."""

    of: str
    days: int | None = None
    months: int | None = None


class Merge(Strict):
    """Add columns of another entity, matched on a column of this one; rows without a match stay.

    `found` names a column that says whether there was a match.
    """

    entity: str
    on: str
    take: tuple[str, ...]
    found: str | None = None


class Latest(Strict):
    """Of the rows that agree in `by`, keep the one with the greatest `order`."""

    by: tuple[str, ...]
    order: tuple[str, ...]


class Total(Strict):
    """One number over the rows: what to take, of which formula, over which rows."""

    take: Literal["count", "sum", "avg", "min", "max", "distinct", "newest"]
    of: str = "1"
    by: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _by(self) -> Self:
        if (self.take == "newest") != (self.by is not None):
            raise ValueError("`by` is needed with take: newest, and only there")
        return self


class Step(Strict):
    """Exactly one of these."""

    fetch: str | None = None
    filter: str | None = None
    window: Window | None = None
    merge: Merge | None = None
    derive: dict[str, str] | None = None
    latest: Latest | None = None
    aggregate: dict[str, Total] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a step has exactly one key")
        return self

    @property
    def kind(self) -> str:
        return next(iter(self.model_fields_set))
