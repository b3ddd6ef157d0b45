"""What the files of an object look like, as the settings of a connection say it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Format = Literal["csv", "jsonl", "parquet", "mail", "documents"]
OWN_KEYS = {"mail": ["message"], "documents": ["path"]}


class Shape(BaseModel):
    """`pattern` is a glob below the root of the connection.

    `delimiter`: what stands between the cells of a CSV file; without it each file is looked at. `appended`: lines
    are only ever added at the end, so that a file that grew is read from where it ended, and a last line without
    an end waits for the next run. `own_domains`: those of our own e-mail addresses, so that of a message it is known who is
    outside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    format: Format = "csv"
    key: list[str] = []
    modified: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    appended: bool = False
    own_domains: list[str] = []

    @field_validator("pattern")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("a pattern stays below the root: no leading / and no ..")
        return pattern

    @field_validator("own_domains")
    @classmethod
    def _plain_domains(cls, value: list[str]) -> list[str]:
        if wrong := [name for name in value if "@" in name or "." not in name]:
            raise ValueError(f"{wrong[0]!r} is no domain: write it like ourcompany.com")
        return [name.lower() for name in value]

    @model_validator(mode="after")
    def _keyed(self) -> Shape:
        if not self.columns_of_key:
            raise ValueError(f"key is missing: which columns tell one {self.format} row from another?")
        if self.appended and self.format not in ("csv", "jsonl"):
            raise ValueError("appended is for csv and jsonl")
        if self.own_domains and self.format != "mail":
            raise ValueError("own_domains is for mail")
        return self

    @property
    def columns_of_key(self) -> list[str]:
        return self.key or OWN_KEYS.get(self.format, [])

    @property
    def needed(self) -> list[str]:
        """The columns that every file must have."""
        return [*self.columns_of_key, *([self.modified] if self.modified else [])]
