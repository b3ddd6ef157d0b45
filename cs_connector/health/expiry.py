"""For how long the evidence of an override counts."""

from __future__ import annotations

from pydantic import Field

from cs_connector.language.steps import Strict


class Expiry(Strict):
    """The evidence counts for so many days, its own among them; the metric `age` says how old it is."""

    age: str
    days: int = Field(gt=0)
