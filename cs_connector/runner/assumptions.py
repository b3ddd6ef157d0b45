"""What the adapters assume about the vendors, as each keeps it in its assumptions.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cs_connector.config import load

Kind = Literal["null", "boolean", "number", "text", "list", "object"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Part):
    """What must hold of an answer. Paths are dotted, a number is a place in a list: records.0.Id.

    `header` may end with `*`; `some` wants one element of a list with these values.
    """

    status: int | None = None
    has: str | None = None
    header: str | None = None
    equal: Annotated[dict[str, Any], Field(alias="is")] = {}
    kind: dict[str, Kind] = {}
    some: dict[str, dict[str, Any]] = {}


class Step(_Part):
    """One request. Without the status that it `needs`, or a value to `keep`, the assumption cannot be tested."""

    get: str | None = None
    search: str | None = None
    query: dict[str, str] = {}
    body: dict[str, Any] | None = None
    needs: int | None = None
    keep: dict[str, str] = {}
    expect: tuple[Expectation, ...] = ()

    @property
    def path(self) -> str:
        return self.get or self.search or ""


class Assumption(_Part):
    """A claim; without `look` only a write, or waiting for trouble, would show it. `unseen`: the part that `steps` do not show."""

    id: str
    claim: str
    used: tuple[str, ...]
    look: str = ""
    steps: tuple[Step, ...] = ()
    unseen: str = ""


class _File(_Part):
    assumptions: tuple[Assumption, ...]


def read(path: Path) -> tuple[Assumption, ...]:
    """The assumptions of a file. Raises ConfigError, and pydantic's ValidationError for a file that is no such one."""
    return _File.model_validate(load(path).data).assumptions


def _shown(assumption: Assumption) -> str:
    unseen = f"; not by reading: {assumption.unseen}" if assumption.unseen else ""
    return (assumption.look or "not by reading") + unseen


def table(assumptions: tuple[Assumption, ...]) -> str:
    """As docs/assumptions.md shows them."""
    rows = [
        f"| {a.id} | {a.claim} | {', '.join(f'`{place}`' for place in a.used)} | {_shown(a)} |"
        for a in assumptions
    ]
    return "\n".join(["| id | claim | where it is used | read-only probe |", "|---|---|---|---|", *rows])
