"""The steps of a metric, as data. A closed list: what is not here cannot be said. docs/metrics.md tells it in plain words."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_STEPS, MAX_COLUMNS, MAX_PERIODS, MAX_NESTED = 40, 200, 400, 4

Grain = Literal["day", "week", "month", "quarter", "year"]
Take = Literal[
    "count", "sum", "avg", "min", "max", "distinct", "newest",
    "stddev", "variance", "median", "quantile", "slope", "corr", "share",
]  # fmt: skip
Across = Literal["rank", "percentile", "quartile", "zscore", "median"]
Names = Annotated[tuple[str, ...], Field(max_length=MAX_COLUMNS)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fetch(Strict):
    """The rows of an entity. `of` says which of them: those of the relationship, of its account, or of the whole group of companies."""

    entity: str
    of: Literal["relationship", "account", "group"] = "relationship"


class Trailing(Strict):
    """Keep rows dated on `today` or before it: of so many `days`, of so many full `weeks`, `months` or `quarters`, or of all time."""

    of: str
    days: int | None = Field(default=None, ge=1, le=36500)
    weeks: int | None = Field(default=None, ge=1, le=5200)
    months: int | None = Field(default=None, ge=1, le=1200)
    quarters: int | None = Field(default=None, ge=1, le=400)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set - {"of"}) > 1:
            raise ValueError("give one of days, weeks, months and quarters")
        return self


class Merge(Strict):
    """Add columns of another entity, or of the result of other steps, where `on` agrees; rows without a match stay.

    `on` is a column of these rows, for an entity its key; or several pairs of mine: theirs. `found` names a column
    that says whether there was a match. `many: true` allows several matches a row.
    """

    entity: str | None = None
    steps: tuple[Step, ...] | None = None
    on: str | dict[str, str] = Field(default_factory=dict)
    take: Names | dict[str, str] = ()
    found: str | None = None
    many: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.entity is None) == (self.steps is None):
            raise ValueError("give an entity or steps")
        return self

    @property
    def taken(self) -> dict[str, str]:
        """Their column by the name that it gets."""
        return self.take if isinstance(self.take, dict) else {name: name for name in self.take}


class Top(Strict):
    """Of the rows that agree in `by`, keep the first `n` by `order`, the greatest first."""

    by: Names = ()
    order: Names
    n: int = Field(default=1, ge=1, le=100_000)


class Total(Strict):
    """One number over the rows: what to take, of which formula, over which rows."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    take: Take
    of: str = "1"
    by: str | None = None
    over: str | None = None
    with_: str | None = Field(default=None, alias="with")
    p: float | None = Field(default=None, ge=0, le=1)
    where: str | None = None

    @model_validator(mode="after")
    def _needs(self) -> Self:
        given = {"by": self.by, "over": self.over, "with": self.with_, "p": self.p}
        for take, key in {"newest": "by", "slope": "over", "corr": "with", "quantile": "p"}.items():
            if (self.take == take) != (given[key] is not None):
                raise ValueError(f"`{key}` is needed with take: {take}, and only there")
        return self


class Every(Strict):
    """One row a period of the calendar. `last` makes the so many full periods before `today` exist even without a row."""

    of: str
    grain: Grain
    fiscal: bool = False
    zone: str | None = None
    last: int | None = Field(default=None, ge=1, le=MAX_PERIODS)

    @model_validator(mode="after")
    def _fiscal(self) -> Self:
        if self.fiscal and self.grain not in ("quarter", "year"):
            raise ValueError("only quarters and years are fiscal")
        return self


class Aggregate(Strict):
    """One row for each value of `by` and each period of `every`; without both, one for the relationship."""

    by: Names = ()
    every: Every | None = None
    totals: dict[str, Total] = Field(min_length=1, max_length=MAX_COLUMNS)


class Pivot(Strict):
    """A column for each of some values of `on`: the total of the rows with this value."""

    by: Names = ()
    on: str
    values: dict[str, bool | int | float | str] = Field(min_length=1, max_length=MAX_COLUMNS)
    take: Literal["count", "sum", "avg", "min", "max", "distinct", "stddev", "median"] = "sum"
    of: str = "1"


class Added(Strict):
    """A column over the rows around a row: `rows` is how far `lag` and `lead` look, how many `moving_avg` takes, the parts of `ntile`."""

    take: Literal[
        "lag", "lead", "row_number", "rank", "percent_rank", "ntile", "running_sum", "moving_avg", "zscore", "share"
    ]  # fmt: skip
    of: str | None = None
    rows: int | None = Field(default=None, ge=1, le=MAX_PERIODS)

    @model_validator(mode="after")
    def _needs(self) -> Self:
        ranked = self.take in ("row_number", "rank", "percent_rank", "ntile")
        if ranked != (self.of is None):
            raise ValueError(f"take: {self.take} has no `of`" if ranked else f"take: {self.take} needs `of`")
        if (self.rows is None) if self.take in ("moving_avg", "ntile") else False:
            raise ValueError(f"take: {self.take} needs `rows`")
        return self


class Window(Strict):
    """Add columns that look at the other rows of the same `by`, the least `order` first."""

    by: Names = ()
    order: Names = ()
    add: dict[str, Added] = Field(min_length=1, max_length=MAX_COLUMNS)


class Peers(Strict):
    """Compare a number of each relationship with that of the others on the same day, of the same `within`."""

    within: Names = ()
    of: str
    add: dict[str, Across] = Field(min_length=1)


class Union(Strict):
    """The rows of other steps as well; they have the same columns."""

    steps: tuple[Step, ...]


class Python(Strict):
    """A function of a file beside this one: gets the rows so far as a pandas DataFrame, gives one with `r`, `today` and `gives`."""

    file: str
    function: str
    gives: dict[str, Literal["number", "money", "text", "yes or no", "date", "time"]] = Field(min_length=1)


class Step(Strict):
    """Exactly one of these."""

    fetch: str | Fetch | None = None
    filter: str | None = None
    derive: Annotated[dict[str, str], Field(max_length=MAX_COLUMNS)] | None = None
    trailing: Trailing | None = None
    merge: Merge | None = None
    latest: Top | None = None
    top: Top | None = None
    aggregate: Aggregate | None = None
    pivot: Pivot | None = None
    window: Window | None = None
    peers: Peers | None = None
    union: Union | None = None
    python: Python | None = None

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, data: Any) -> Any:
        """What these keys meant in version 1 of the files."""
        if isinstance(data, dict):
            old = data.get("window")
            if isinstance(old, dict) and "of" in old:
                raise ValueError("`window` over days or months is called `trailing` now")
            totals = data.get("aggregate")
            if isinstance(totals, dict) and "totals" not in totals:
                raise ValueError("the totals of an aggregate stand below `totals:`")
        return data

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a step has exactly one key")
        return self

    @property
    def kind(self) -> str:
        return next(iter(self.model_fields_set))


Merge.model_rebuild()
Union.model_rebuild()
