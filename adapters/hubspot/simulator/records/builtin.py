"""The properties that every portal has, as far as a connector meets them.

A line is: name, type, field type, label. After the field type, `!` means read only and `*` unique.
"""

from __future__ import annotations

from functools import cache

from ..properties.fields import Property, built_in
from . import activities

_ALL = """
hs_object_id number number! Record ID
hs_object_source string text! Record source
hs_object_source_id string text! Record source ID
hs_object_source_label string text! Record source label
hs_object_source_user_id number number! Record source user ID
hs_created_by_user_id number number! Created by user ID
hs_updated_by_user_id number number! Updated by user ID
hs_merged_object_ids string text! Merged record IDs
hubspot_owner_id enumeration select Owner
hubspot_owner_assigneddate datetime date! Owner assigned date
"""
_TIMES = {
    "contacts": "createdate datetime date! Create date\nlastmodifieddate datetime date! Last modified date",
    "companies": "createdate datetime date! Create date\nhs_lastmodifieddate datetime date! Last modified date",
    "deals": "createdate datetime date Create date\nhs_lastmodifieddate datetime date! Last modified date",
    "tickets": "createdate datetime date Create date\nhs_lastmodifieddate datetime date! Last modified date",
}
_SOLD_TIMES = "createdate datetime date! Create date\nhs_lastmodifieddate datetime date! Last modified date"
_TIMES |= {"products": _SOLD_TIMES, "line_items": _SOLD_TIMES}
_OTHER_TIMES = (
    "hs_createdate datetime date! Create date\nhs_lastmodifieddate datetime date! Last modified date"
)

_OWN = {
    "companies": """
name string text Company name
domain string text Company domain name
website string text Website URL
phone string phonenumber Phone number
description string textarea Description
address string text Street address
city string text City
state string text State/Region
zip string text Postal code
country string text Country/Region
industry enumeration select Industry
type enumeration select Type
lifecyclestage enumeration radio Lifecycle stage
hs_lead_status enumeration radio Lead status
annualrevenue number number Annual revenue
numberofemployees number number Number of employees
founded_year string text Year founded
facebookfans number number Facebook fans
web_technologies enumeration checkbox Web technologies
timezone string text Time zone
hs_csm_sentiment enumeration select CSM sentiment
hs_parent_company_id number number! Parent company
hs_num_child_companies number number! Number of child companies
hs_additional_domains string text! Additional domains
salesforceaccountid string text Salesforce account ID
salesforcelastsynctime datetime date Last Salesforce sync time
notes_last_contacted datetime date! Last contacted
notes_last_updated datetime date! Last activity date
""",
    "contacts": """
email string text* Email
firstname string text First name
lastname string text Last name
jobtitle string text Job title
company string text Company name
website string text Website URL
phone string phonenumber Phone number
mobilephone string phonenumber Mobile phone number
address string text Street address
city string text City
state string text State/Region
zip string text Postal code
country string text Country/Region
lifecyclestage enumeration radio Lifecycle stage
hs_lead_status enumeration radio Lead status
hs_buying_role enumeration checkbox Buying role
associatedcompanyid number number Primary associated company ID
salesforcecontactid string text Salesforce contact ID
salesforceleadid string text Salesforce lead ID
salesforceaccountid string text Salesforce account ID
salesforcelastsynctime datetime date Last Salesforce sync time
hs_email_domain string text! Email domain
hs_additional_emails enumeration checkbox! Additional emails
hs_all_contact_vids enumeration checkbox! Merged vids
hs_calculated_merged_vids enumeration checkbox! Merged contact IDs
hs_is_contact bool booleancheckbox! Is a contact
hs_is_unworked bool booleancheckbox! Contact unworked
hs_pipeline enumeration select! Pipeline
hs_email_optout bool booleancheckbox Unsubscribed from all email
notes_last_contacted datetime date! Last contacted
notes_last_updated datetime date! Last activity date
""",
    "deals": """
dealname string text Deal name
dealstage enumeration radio Deal stage
pipeline enumeration select Pipeline
dealtype enumeration radio Deal type
amount number number Amount
amount_in_home_currency number number! Amount in company currency
closedate datetime date Close date
description string textarea Deal description
deal_currency_code string text Currency
hs_priority enumeration select Priority
hs_is_closed bool booleancheckbox! Is deal closed
hs_is_closed_won bool booleancheckbox! Is closed won
hs_mrr number number! Monthly recurring revenue
hs_arr number number! Annual recurring revenue
hs_next_step string text Next step
""",
    "tickets": """
subject string text Ticket name
content string textarea Ticket description
hs_pipeline enumeration select Pipeline
hs_pipeline_stage enumeration select Ticket status
hs_ticket_category enumeration checkbox Category
hs_ticket_priority enumeration select Priority
source_type enumeration select Source
closed_date datetime date Close date
hs_is_closed bool booleancheckbox! Is closed
time_to_close number number! Time to close
""",
    "feedback_submissions": """
hs_survey_id number number! Survey ID
hs_survey_name string text! Survey name
hs_survey_type enumeration select! Survey type
hs_survey_channel enumeration select! Survey channel
hs_value number number! Rating
hs_response_group enumeration select! Response group
hs_sentiment enumeration select! Sentiment
hs_content string textarea! Response
hs_submission_timestamp datetime date! Submitted at
hs_submission_name string text! Submission name
hs_submission_url string text! Submission URL
hs_contact_id number number! Contact ID
hs_contact_email_rollup string text! Contact email
hs_ticket_id number number! Ticket ID
hs_ingestion_id string text! Ingestion ID
""",
    **activities.OWN,
}
_GROUP = {
    "companies": ("companyinformation", "Company information"),
    "contacts": ("contactinformation", "Contact information"),
    "deals": ("dealinformation", "Deal information"),
    "tickets": ("ticketinformation", "Ticket information"),
    **activities.GROUPS,
    "feedback_submissions": ("feedback_submission_information", "Feedback submission information"),
}
_INDUSTRIES = """
ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_DISPUTE_RESOLUTION ALTERNATIVE_MEDICINE ANIMATION APPAREL_FASHION
ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING BIOTECHNOLOGY BROADCAST_MEDIA
BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS CIVIC_SOCIAL_ORGANIZATION
CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY COMPUTER_GAMES COMPUTER_HARDWARE
COMPUTER_NETWORKING COMPUTER_SOFTWARE INTERNET CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES
COSMETICS DAIRY DEFENSE_SPACE DESIGN EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING
ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES EXECUTIVE_OFFICE FACILITIES_SERVICES FARMING
FINANCIAL_SERVICES FINE_ART FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FUND_RAISING FURNITURE GAMBLING_CASINOS
GLASS_CERAMICS_CONCRETE GOVERNMENT_ADMINISTRATION GOVERNMENT_RELATIONS GRAPHIC_DESIGN HEALTH_WELLNESS_AND_FITNESS
HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES IMPORT_AND_EXPORT INDIVIDUAL_FAMILY_SERVICES
INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNATIONAL_AFFAIRS
INTERNATIONAL_TRADE_AND_DEVELOPMENT INVESTMENT_BANKING INVESTMENT_MANAGEMENT JUDICIARY LAW_ENFORCEMENT
LAW_PRACTICE LEGAL_SERVICES LEGISLATIVE_OFFICE LEISURE_TRAVEL_TOURISM LIBRARIES LOGISTICS_AND_SUPPLY_CHAIN
LUXURY_GOODS_JEWELRY MACHINERY MANAGEMENT_CONSULTING MARITIME MARKET_RESEARCH MARKETING_AND_ADVERTISING
MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES MEDICAL_PRACTICE MENTAL_HEALTH_CARE MILITARY
MINING_METALS MOTION_PICTURES_AND_FILM MUSEUMS_AND_INSTITUTIONS MUSIC NANOTECHNOLOGY NEWSPAPERS
NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA OUTSOURCING_OFFSHORING PACKAGE_FREIGHT_DELIVERY
PACKAGING_AND_CONTAINERS PAPER_FOREST_PRODUCTS PERFORMING_ARTS PHARMACEUTICALS PHILANTHROPY PHOTOGRAPHY PLASTICS
POLITICAL_ORGANIZATION PRIMARY_SECONDARY_EDUCATION PRINTING PROFESSIONAL_TRAINING_COACHING PROGRAM_DEVELOPMENT
PUBLIC_POLICY PUBLIC_RELATIONS_AND_COMMUNICATIONS PUBLIC_SAFETY PUBLISHING RAILROAD_MANUFACTURE RANCHING
REAL_ESTATE RECREATIONAL_FACILITIES_AND_SERVICES RELIGIOUS_INSTITUTIONS RENEWABLES_ENVIRONMENT RESEARCH
RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING SPORTING_GOODS SPORTS
STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES THINK_TANKS TOBACCO TRANSLATION_AND_LOCALIZATION
TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY WAREHOUSING WHOLESALE
WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING MOBILE_GAMES
"""
_STAGES = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other"
_VALUES = {
    "industry": _INDUSTRIES,
    "lifecyclestage": _STAGES,
    "type": "PROSPECT PARTNER RESELLER VENDOR OTHER",
    "hs_lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING",
    "hs_csm_sentiment": "very_positive positive neutral negative very_negative",
    "hs_buying_role": "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER OTHER",
    "dealtype": "newbusiness existingbusiness",
    "hs_priority": "low medium high",
    "hs_ticket_priority": "LOW MEDIUM HIGH URGENT",
    "hs_ticket_category": "PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY",
    "source_type": "CHAT EMAIL FORM PHONE",
    **activities.VALUES,
}
_COMPUTED = """
amount_in_home_currency hs_is_closed hs_is_closed_won hs_num_child_companies hs_parent_company_id
hs_task_is_completed hs_task_is_overdue time_to_close
"""
_CALCULATED = frozenset(_COMPUTED.split())
_REFERENCES = {
    "hubspot_owner_id": "OWNER",
    "pipeline": "PIPELINE",
    "hs_pipeline": "PIPELINE",
    "dealstage": "STAGE",
    "hs_pipeline_stage": "STAGE",
}


def group(kind: str) -> tuple[str, str]:
    """Name and label of the group of a kind's own properties."""
    return _GROUP.get(kind, (f"{kind}_information", f"{kind.capitalize()} information"))


def properties(kind: str) -> dict[str, Property]:
    """The built-in properties of a kind by name; for a custom object those that all kinds have."""
    lines = "\n".join((_ALL, _TIMES.get(kind, _OTHER_TIMES), _OWN.get(kind, ""))).splitlines()
    made = (_property(line, group(kind)[0]) for line in lines if line)
    return {prop.name: prop for prop in made}


@cache
def _property(line: str, group_name: str) -> Property:
    name, kind, field_type, label = line.split(" ", 3)
    reference = _REFERENCES.get(name, "")
    more = {"referencedObjectType": reference, "externalOptions": True} if reference else {}
    calculated = name in _CALCULATED and field_type.endswith("!")
    return built_in(
        name,
        kind,
        field_type.rstrip("!*"),
        label,
        group_name,
        readOnlyValue=field_type.endswith("!"),
        hasUniqueValue=field_type.endswith("*"),
        values=_VALUES.get(name, "").split(),
        calculated=calculated,
        **more,
    )
