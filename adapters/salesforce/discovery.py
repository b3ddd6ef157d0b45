"""A Salesforce org's own description: the list of objects and the describe of each that matters here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cs_connector.errors import UsageError
from cs_connector.ports import Document
from cs_connector.transport import Transport

STANDARD = frozenset({
    "Account", "AccountContactRelation", "AccountTeamMember", "Asset", "Campaign", "CampaignMember", "Case", "Contact",
    "Contract", "ContractLineItem", "CurrencyType", "Entitlement", "Event", "Group", "Lead", "Opportunity",
    "OpportunityContactRole", "OpportunityLineItem", "Organization", "Pricebook2", "PricebookEntry", "Product2",
    "Profile", "RecordType", "ServiceContract", "Survey", "SurveyInvitation", "SurveyQuestion",
    "SurveyQuestionResponse", "SurveyResponse", "SurveySubject", "SurveyVersion", "Task", "User", "UserRole",
})  # fmt: skip


def documents(session: Transport, root: str, wanted: Sequence[str]) -> Iterator[Document]:
    """One call an object. Without names: the customer's own objects and those of customer success.

    Raises UsageError for a name that the org does not list.
    """
    listed: dict[str, Any] = msgspec.json.decode(session.get(f"{root}/sobjects").content)
    yield Document("sobjects", listed)
    for name in _chosen(listed["sobjects"], wanted):
        yield Document(
            f"describe/{name}", msgspec.json.decode(session.get(f"{root}/sobjects/{name}/describe").content)
        )


def _chosen(listed: Sequence[dict[str, Any]], wanted: Sequence[str]) -> list[str]:
    names = {o["name"].lower(): o["name"] for o in listed}
    unknown = [name for name in wanted if name.lower() not in names]
    if unknown:
        raise UsageError(
            f"this org has no object {unknown[0]}, or its login may not see it",
            safe="nothing was saved",
            fix="use the API name, such as Account or Subscription__c",
        )
    if wanted:
        return [names[name.lower()] for name in wanted]
    return [o["name"] for o in listed if o["queryable"] and (o["name"] in STANDARD or _own(o))]


def _own(entry: dict[str, Any]) -> bool:
    return entry["custom"] and not entry["customSetting"] and entry["name"].endswith("__c")
