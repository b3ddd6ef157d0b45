"""Standard objects that an org has only where an edition or an admin gave it the feature.

Salesforce tells of one that is off as of one that the login may not see: it has no such object.
"""

from __future__ import annotations

OPTIONAL = frozenset(
    {
        "AccountContactRelation",  # contacts of several accounts
        "AccountTeamMember",
        "Asset",
        "Campaign",
        "CampaignMember",
        "Contract",
        "ContractLineItem",
        "Entitlement",
        "OpportunityLineItem",
        "OpportunityTeamMember",
        "Order",
        "OrderItem",
        "Quote",
        "QuoteLineItem",
        "ServiceContract",
        "Survey",
        "SurveyInvitation",
        "SurveyQuestion",
        "SurveyQuestionResponse",
        "SurveyResponse",
    }
)
