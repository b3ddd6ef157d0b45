"""The shape of cs-connector.yml."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, field_validator


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConnectionSettings(Strict):
    """One configured system. `settings` are the adapter's own; secrets are references.

    `reserve` is the share of the vendor's calls of a day that is left to people. `foreign` says what is done about values of
    ours that somebody else has changed since we wrote them.
    """

    adapter: str
    mapping: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    write: bool = True
    org_id: str | None = None
    reserve: float = Field(default=0.2, ge=0, lt=1)
    foreign: Literal["overwrite", "yield", "alert"] = "overwrite"


class ScheduleLine(Strict):
    """A job on a clock: five cron fields in a time zone; one firing at daylight-saving changes."""

    job: str = "run"
    cron: str
    zone: str = "UTC"
    apply: bool = True

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str) -> str:
        try:
            CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f'{error}; write five fields, like "15 6 * * 1-5"') from None
        return cron

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is not a time zone; write one like Europe/Berlin")
        return zone


class Tasks(Strict):
    """Where tasks live, how many a person gets in a week, and whose they are when nobody else is there.

    `observe_days`: after so many days of `go_live: observe` tasks begin by themselves; without it, when somebody says so.
    What a person calls not relevant or a planned loss keeps its rule quiet for so many days.
    """

    home: str | None = None
    risk_per_week: int = Field(default=5, ge=0)
    opportunity_per_week: int = Field(default=2, ge=0)
    fallback_owner: str | None = None
    manager: str | None = None
    observe_days: int | None = Field(default=None, ge=1)
    not_relevant_days: int = Field(default=180, ge=0)
    planned_loss_days: int = Field(default=365, ge=0)


class Safety(Strict):
    """Limits of one plan, in shares of what is there and in counts; beyond them nothing is written.

    A limit that lets everything through is none: one plan is let through by a person instead.
    """

    writes: bool = True
    max_changed_share: float = Field(default=0.2, ge=0, le=0.5)
    max_cleared_share: float = Field(default=0.01, ge=0, le=0.2)
    max_cleared: int = Field(default=20, ge=0, le=1000)
    max_created: int = Field(default=200, ge=0)
    max_band_moves_share: float = Field(default=0.15, ge=0, le=0.5)
    max_tasks_per_owner: int = Field(default=10, ge=0, le=100)
    max_times_usual: float = Field(default=5, ge=1)
    max_shrink_share: float = Field(default=0.1, ge=0, le=1)
    max_quarantined_share: float = Field(default=0.2, ge=0, le=1)


class Provision(Strict):
    """Optional parts of what people see in the CRMs, beside the core."""

    parts: tuple[str, ...] = ()


class StoreSettings(Strict):
    url: str | None = None


class VaultSettings(Strict):
    """Where the key of the vault is; without a place the environment is looked at, and then the key file."""

    key: Literal["keyring", "file", "environment"] | None = None


class SandboxSettings(Strict):
    control_url: str
    real_time: bool = False


class ProjectSettings(Strict):
    version: Literal[1]
    name: str = "cs-connector"
    go_live: Literal["observe", "live"] = "observe"
    memory: str = "1GB"
    connections: dict[str, ConnectionSettings]
    store: StoreSettings = StoreSettings()
    vault: VaultSettings = VaultSettings()
    sandbox: SandboxSettings | None = None
    tasks: Tasks = Tasks()
    safety: Safety = Safety()
    provision: Provision = Provision()
    schedules: dict[str, ScheduleLine] = Field(default_factory=dict)

    @field_validator("memory")
    @classmethod
    def _sized(cls, memory: str) -> str:
        if not re.fullmatch(r"[1-9]\d*(\.\d+)?[MG]B", memory):
            raise ValueError(f"{memory!r} is not an amount of memory; write one like 2GB or 800MB")
        return memory
