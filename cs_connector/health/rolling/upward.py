"""How scores go up, as `rollup.yml` declares it: of relationships to their account, of accounts to their group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cs_connector.config.documents import load, validate
from cs_connector.language.steps import Strict
from cs_connector.unify.sql import literal

FILE = "rollup.yml"
SMALL_ONLY = "only the worst can leave out small ones: remove small, or take the worst"
Take = Literal["worst", "weighted", "mean", "any_fatal"]
Kind = Annotated[str, AfterValidator(lambda kind: kind.strip().lower())]


class Small(Strict):
    """A relationship with less than the share `below` of the account's revenue pulls no lower than `floor`."""

    below: float = Field(gt=0, lt=1, allow_inf_nan=False)
    floor: int = Field(ge=0, le=100)


class Taking(Strict):
    """What counts of several.

    `worst`: the lowest score · `weighted`: their mean by recurring revenue · `mean`: their plain mean · `any_fatal`: as
    weighted, but no better than any that a red cap holds down.
    """

    take: Take
    small: Small | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.small and self.take != "worst":
            raise ValueError(SMALL_ONLY)
        return self


class Accounts(Taking):
    """Of relationships to their account; `types` says it otherwise for relationship types.

    Relationships of a type that is not named count together with those of others; between a named type and the rest the
    worst counts.
    """

    types: dict[str, Taking] = Field(default_factory=dict)

    @property
    def pools(self) -> bool:
        """Whether relationships of any type count together."""
        return any(taking.take != "worst" for taking in (self, *self.types.values()))

    def by_type(self, value: Callable[[Taking], object]) -> str:
        """SQL: something of what is taken for the column `type`; a constant where types say nothing."""
        if not self.types:
            return literal(value(self))
        whens = " ".join(
            f"WHEN {literal(name)} THEN {literal(value(taking))}"
            for name, taking in sorted(self.types.items())
        )
        return f"CASE type {whens} ELSE {literal(value(self))} END"


class Groups(Strict):
    """Of accounts to their group; below `minimum_coverage` its band is unknown. A parent of a kind in `without` makes no group."""

    take: Take
    minimum_coverage: float = Field(default=0.5, ge=0, le=1)
    without: tuple[Kind, ...] = ()


class RollUp(Strict):
    """The whole file."""

    version: Literal[1] = 1
    accounts: Accounts
    groups: Groups


# what was in force before there was such a file: configurations that were kept then have none
DEFAULT = RollUp(
    accounts=Accounts(take="worst", small=Small(below=0.10, floor=74)),
    groups=Groups(take="weighted", without=("partner", "holding")),
)


def load_roll_up(layers: Sequence[Path]) -> RollUp:
    """That of the last layer that has one, or else the usual. Raises ConfigError with file and line."""
    found = [layer / FILE for layer in layers if (layer / FILE).exists()]
    return validate(RollUp, load(found[-1])) if found else DEFAULT
