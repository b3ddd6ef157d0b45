"""How a connection logs in to HubSpot."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from cs_connector.ports import Scope
from cs_connector.transport.oauth import Client
from cs_connector.transport.routing import address

from .paths import Paths, Version

WEBSITE = "https://app.hubspot.com"
SCOPES = (
    Scope("crm.objects.companies.read", "accounts, and their values before we write"),
    Scope("crm.objects.companies.write", "health fields on companies"),
    Scope("crm.schemas.companies.read", "which company properties exist, and their types"),
    Scope("crm.objects.contacts.read", "people"),
    Scope("crm.objects.owners.read", "who gets a task"),
    Scope("crm.objects.feedback_submissions.read", "survey answers"),
    Scope("tickets", "tickets and tasks: their scope covers both"),
)
OPTIONAL = (  # given where the portal has what they are for
    Scope("crm.schemas.companies.write", "to put our properties there"),
    Scope("crm.schemas.custom.read", "whether customer relationships are there as records"),
    Scope("crm.schemas.custom.write", "to put them there"),
    Scope("crm.objects.custom.read", "customer relationships"),
    Scope("crm.objects.custom.write", "customer relationships, with their health"),
)
STEPS = (
    "In HubSpot's developer projects make an app with OAuth (a private app by hand is no longer offered).",
    "Give it the redirect address that is printed below, and the scopes above.",
    "So that it can put our properties there (cs-connector provision), give it these as optional scopes: "
    + ", ".join(scope.name for scope in OPTIONAL)
    + ".",
    "Put client_id into cs-connector.yml and client_secret into secrets.env, then run this command again.",
)
LIFE = 1800.0  # seconds that a token of HubSpot lives, where it does not say


class Settings(BaseModel):
    """How to reach a portal: an app's client with or without a refresh token, or one access token.

    All links between records are read anew every `sweep_hours`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    portal_id: str = ""
    paths: Version = "2026-03"
    base_url: str | None = None
    ca_file: Path | None = None
    token_url: str | None = None
    sweep_hours: float = Field(default=24, gt=0)

    _whole = field_validator("token_url")(address)

    @model_validator(mode="after")
    def _some_login(self) -> Settings:
        if not self.oauth and not self.access_token.get_secret_value():
            raise ValueError("give client_id and client_secret (and refresh_token), or access_token")
        return self

    @property
    def oauth(self) -> bool:
        return bool(self.client_id and self.client_secret.get_secret_value())

    @property
    def sweep_millis(self) -> int:
        return int(self.sweep_hours * 3_600_000)

    @property
    def token_address(self) -> str:
        return self.token_url or Paths(self.paths).token

    @property
    def client(self) -> Client:
        return Client(
            vendor="HubSpot",
            address=self.token_address,
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            refresh_token=self.refresh_token.get_secret_value(),
            fixed="" if self.oauth else self.access_token.get_secret_value(),
            life=LIFE,
        )
