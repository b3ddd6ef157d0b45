"""How a connection logs in to Zendesk."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from cs_connector.ports import Scope
from cs_connector.transport.oauth import Client
from cs_connector.transport.routing import address

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*")

SCOPES = (
    Scope("read", "organizations, users, tickets, satisfaction ratings or survey answers, fields"),
    Scope("write", "health fields on organizations; Zendesk has no narrower scope for that"),
)
STEPS = (
    "In Zendesk's Admin Center, under Apps and integrations, APIs, OAuth clients, add a confidential client.",
    "Give it the redirect address that is printed below.",
    "Put its identifier into cs-connector.yml as client_id and its secret into secrets.env, then run this command again.",
    "An admin has to approve it: only an admin may define organization fields.",
)


class Settings(BaseModel):
    """How to reach an account: an OAuth client with or without a refresh token, or one access token.

    All memberships of organizations are read anew every `sweep_hours`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subdomain: str
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = Field(default=SecretStr(""), json_schema_extra={"single_use": True})
    access_token: SecretStr = SecretStr("")
    scope: str = "read write"
    sandbox: bool = False
    base_url: str | None = None
    ca_file: Path | None = None
    token_url: str | None = None
    sweep_hours: float = Field(default=24, gt=0)

    _whole = field_validator("token_url")(address)

    @field_validator("subdomain")
    @classmethod
    def _first_part(cls, subdomain: str) -> str:
        if not _SUBDOMAIN.fullmatch(subdomain):
            raise ValueError(
                "write the first part of the account's address alone: acme for https://acme.zendesk.com"
            )
        return subdomain

    @model_validator(mode="after")
    def _some_login(self) -> Settings:
        if not self.oauth and not self.access_token.get_secret_value():
            raise ValueError("give client_id and client_secret (and refresh_token), or access_token")
        return self

    @property
    def oauth(self) -> bool:
        """A public client has no secret, but then it needs a refresh token."""
        return bool(
            self.client_id
            and (self.client_secret.get_secret_value() or self.refresh_token.get_secret_value())
        )

    @property
    def sweep_seconds(self) -> int:
        return int(self.sweep_hours * 3600)

    @property
    def host(self) -> str:
        return f"https://{self.subdomain}.zendesk.com"

    @property
    def token_address(self) -> str:
        return self.token_url or f"{self.host}/oauth/tokens"

    @property
    def client(self) -> Client:
        return Client(
            vendor="Zendesk",
            address=self.token_address,
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            refresh_token=self.refresh_token.get_secret_value(),
            fixed="" if self.oauth else self.access_token.get_secret_value(),
            scope=self.scope,
        )
