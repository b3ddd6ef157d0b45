"""The standard objects of the simulated org beyond accounts and tickets, and what it says of those that it lacks."""

from __future__ import annotations

import pytest

from .salesforce_org import Org
from .test_salesforce_bin import soap


@pytest.fixture
def org():
    return Org()


@pytest.fixture
def members(org):
    campaign = org.create("Campaign", Name="Autumn")
    account = org.create("Account", Name="Aurora")
    contact = org.create("Contact", AccountId=account, LastName="Kim", FirstName="Ada")
    lead = org.create("Lead", LastName="Roe", Company="Bluebird", Email="roe@bluebird.example")
    return campaign, contact, lead


def test_a_lead_has_a_name_an_address_and_the_first_status(org):
    lead = org.create("Lead", FirstName="Jo", LastName="Roe", Company="Bluebird", City="Oslo")
    row = org.get("GET", f"sobjects/Lead/{lead}")
    assert (row["Name"], row["Status"]) == ("Jo Roe", "Open - Not Contacted")
    assert row["Address"]["city"] == "Oslo"
    assert row["Address"]["street"] is None
    assert org.error("POST", "sobjects/Lead", {"LastName": "Roe"})[1] == "REQUIRED_FIELD_MISSING"


def test_an_activity_belongs_to_a_lead_or_a_contact(org, members):
    _, contact, lead = members
    for person, kind in ((contact, "Contact"), (lead, "Lead")):
        task = org.create("Task", Subject="Call", WhoId=person)
        (row,) = org.soql(f"SELECT Who.Type FROM Task WHERE Id = '{task}'")["records"]
        assert row["Who"]["Type"] == kind


def test_a_campaign_member_shows_its_person(org, members):
    campaign, contact, lead = members
    first = org.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    second = org.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Responded")
    rows = [org.get("GET", f"sobjects/CampaignMember/{m}") for m in (first, second)]
    shown = [(r["Name"], r["Type"], r["CompanyOrAccount"], r["HasResponded"]) for r in rows]
    assert shown == [("Roe", "Lead", "Bluebird", False), ("Ada Kim", "Contact", "Aurora", True)]
    assert [r["FirstRespondedDate"] for r in rows] == [None, "2026-11-22"]
    (held,) = org.soql("SELECT (SELECT Id FROM CampaignMembers) FROM Campaign")["records"]
    assert held["CampaignMembers"]["totalSize"] == 2


def test_somebody_is_a_member_once(org, members):
    campaign, contact, lead = members
    org.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    twice = {"CampaignId": campaign, "ContactId": contact, "LeadId": lead}
    assert org.error("POST", "sobjects/CampaignMember", twice) == (
        400, "DUPLICATE_VALUE", "Already a campaign member.",
    )  # fmt: skip
    assert (
        org.error("POST", "sobjects/CampaignMember", {"CampaignId": campaign})[1] == "REQUIRED_FIELD_MISSING"
    )


@pytest.mark.parametrize("element", ["request", "mergeRequest", "mergeRequests"])
def test_merged_leads_hand_over_their_memberships(org, members, element):
    campaign, _, lead = members
    other = org.create("Lead", LastName="Roe", Company="Bluebird")
    org.create("CampaignMember", CampaignId=campaign, LeadId=other)
    answer = soap(org, merging(element, f"<type>Lead</type><Id>{lead}</Id>", other))
    assert f"<mergedRecordIds>{other}</mergedRecordIds><success>true</success>" in answer
    assert org.names("", "LeadId", "CampaignMember") == [lead]
    assert org.names("", "Id", "Lead") == [lead]


def merging(element, master, loser):
    record = f"<masterRecord>{master}</masterRecord><recordToMergeIds>{loser}</recordToMergeIds>"
    return f"<merge><{element}>{record}</{element}></merge>"


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ("<type>Task</type><Id>{0}</Id>", "INVALID_TYPE_FOR_OPERATION: entity type does not support merge"),
        ("<Id>{0}</Id>", "Missing entity type information"),
        ("<type>Note</type><Id>{0}</Id>", "The standard object Note is not simulated."),
    ],
)
def test_what_cannot_be_merged_is_a_fault(org, master, said):
    first, second = (org.create("Task", Subject="Call") for _ in range(2))
    answer = soap(org, merging("request", master.format(first), second))
    assert "<soapenv:Fault>" in answer
    assert said in answer


def test_what_is_shown_of_a_person_follows_the_person(org, members):
    campaign, contact, _ = members
    case = org.create("Case", ContactId=contact)
    member = org.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    org.call("PATCH", f"sobjects/Contact/{contact}", {"Email": "ada@aurora.example", "LastName": "Lim"})
    shown = org.names("WHERE ContactEmail = 'ada@aurora.example'", "Id", "Case")
    assert shown == [case]
    assert org.get("GET", f"sobjects/CampaignMember/{member}")["Name"] == "Ada Lim"
    refused = org.error("PATCH", f"sobjects/Case/{case}", {"ContactEmail": "x@aurora.example"})
    assert refused[:2] == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    fields = {f["name"]: f for f in org.get("GET", "sobjects/Case/describe")["fields"]}
    assert (fields["ContactEmail"]["calculated"], fields["ContactEmail"]["updateable"]) == (False, False)


def test_an_opportunity_closes_in_a_fiscal_period(org):
    made = {"Name": "Renewal", "StageName": "Proposal", "CloseDate": "2026-11-30"}
    row = org.get("GET", f"sobjects/Opportunity/{org.create('Opportunity', **made)}")
    assert (row["FiscalYear"], row["FiscalQuarter"], row["Fiscal"]) == (2026, 4, "2026 4")


def test_which_statuses_mean_closed_is_a_query(org):
    assert org.names("WHERE IsClosed = true", "MasterLabel", "TaskStatus") == ["Completed"]
    assert org.names("WHERE IsClosed = true", "ApiName", "CaseStatus") == ["Closed"]
    assert org.names("WHERE IsWon = true", "MasterLabel", "OpportunityStage") == ["Closed Won"]
    assert org.error("POST", "sobjects/TaskStatus", {"MasterLabel": "Paused"})[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "query", {"q": "SELECT Id FROM OpportunityLineItem"}),
        ("GET", "sobjects/Attachment/describe", {}),
        ("POST", "sobjects/ContentVersion", {}),
        ("GET", "query", {"q": "SELECT Id, (SELECT Id FROM Attachments) FROM Account"}),
    ],
)
def test_a_standard_object_that_is_not_simulated_says_so(org, method, path, query):
    status, _, message = org.error(method, path, {} if method == "POST" else None, **query)
    assert status == 501
    assert message.endswith("is not simulated.")
    assert org.error("GET", "query", q="SELECT Id FROM NoSuchThing")[:2] == (400, "INVALID_TYPE")


def test_describes_tell_people_addresses_and_what_holds_a_record(org):
    lead = {f["name"]: f for f in org.get("GET", "sobjects/Lead/describe")["fields"]}
    assert [lead[n]["extraTypeInfo"] for n in ("Name", "FirstName", "Street", "Company")] == [
        "personname", "personname", "plaintextarea", None,
    ]  # fmt: skip
    assert [lead[n]["compoundFieldName"] for n in ("LastName", "City", "Name")] == ["Name", "Address", None]
    account = org.get("GET", "sobjects/Account/describe")
    children = {(c["childSObject"], c["field"]): c for c in account["childRelationships"]}
    assert children["Case", "AccountId"]["restrictedDelete"]
    assert not children["Contact", "AccountId"]["restrictedDelete"]
    assert ("Account", "MasterRecordId") not in children


def test_a_stage_brings_its_probability_unless_the_request_names_one(org):
    def told(number):
        row = org.soql(f"SELECT Probability, ExpectedRevenue FROM Opportunity WHERE Id = '{number}'")[
            "records"
        ][0]
        return row["Probability"], row["ExpectedRevenue"]

    number = org.create("Opportunity", Name="O", StageName="Prospecting", CloseDate="2026-12-31", Amount=200)
    assert told(number) == (10, 20)
    for change, expected in (
        ({"StageName": "Closed Won"}, (100, 200)),
        ({"StageName": "Proposal", "Probability": 55}, (55, 110)),
        ({"StageName": "Proposal", "Amount": 100}, (55, 55)),
        ({"StageName": "Closed Lost"}, (0, 0)),
        ({"StageName": "Something of ours"}, (0, 0)),
    ):
        org.call("PATCH", f"sobjects/Opportunity/{number}", change)
        assert told(number) == expected, change


def test_a_stage_tells_its_probability_and_the_forecast_by_name(org):
    stages = org.soql(
        "SELECT ApiName, DefaultProbability, ForecastCategory, ForecastCategoryName FROM OpportunityStage"
    )["records"]
    told = {
        s["ApiName"]: (s["DefaultProbability"], s["ForecastCategory"], s["ForecastCategoryName"])
        for s in stages
    }
    assert told["Needs Analysis"] == (20, "Pipeline", "Pipeline")
    assert (told["Closed Won"], told["Closed Lost"]) == ((100, "Closed", "Closed"), (0, "Omitted", "Omitted"))


def test_an_opportunity_is_in_the_forecast_of_its_stage_until_somebody_says_another(org):
    def told():
        row = org.get("GET", f"sobjects/Opportunity/{number}")
        return row["ForecastCategoryName"], row["ForecastCategory"]

    number = org.create("Opportunity", Name="O", StageName="Prospecting", CloseDate="2026-12-31")
    assert told() == ("Pipeline", "Pipeline")
    for change, expected in (
        ({"ForecastCategoryName": "Commit"}, ("Commit", "Forecast")),
        ({"Amount": 5}, ("Commit", "Forecast")),
        ({"StageName": "Proposal"}, ("Pipeline", "Pipeline")),
        ({"StageName": "Negotiation", "ForecastCategoryName": "Best Case"}, ("Best Case", "BestCase")),
        ({"StageName": "Closed Won"}, ("Closed", "Closed")),
        ({"StageName": "Prospecting"}, ("Pipeline", "Pipeline")),
    ):
        org.call("PATCH", f"sobjects/Opportunity/{number}", change)
        assert told() == expected, change
