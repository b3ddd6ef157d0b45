"""The hands by CRM."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .hand import Act, Caller, Hand
from .hubspot import HubSpotHand
from .salesforce import SalesforceHand
from .zendesk import ZendeskHand

HANDS: Mapping[str, Callable[[Caller, Act], Hand]] = {
    "salesforce": SalesforceHand,
    "hubspot": HubSpotHand,
    "zendesk": ZendeskHand,
}
