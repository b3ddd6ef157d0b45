"""What an account is set to. Orders change it; a snapshot leaves it alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """`role` is that of the user behind every login. `surveys` says which of the two forms of customer satisfaction is
    active: None goes by what the account holds. `alias` is a host that links of exports name instead of the one that
    was asked. `many_organizations` lets a user be in more than one. `ends_as` is how jobs end: completed, failed
    or killed.
    """

    role: str = "admin"
    surveys: bool | None = None
    alias: str = ""
    many_organizations: bool = True
    ends_as: str = "completed"
