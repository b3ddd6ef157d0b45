"""How a connection logs in to Zendesk."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from cs_connector.transport.oauth import Client


class Settings(BaseModel):
    """How to reach an account: an OAuth client with or without a refresh token, or one access token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = Field(default=SecretStr(""), json_schema_extra={"single_use": True})
    access_token: SecretStr = SecretStr("")
    scope: str = "read write"
    sandbox: bool = False
    base_url: str | None = None
    token_url: str | None = None

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
