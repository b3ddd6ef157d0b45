"""Provisioning over SOAP, by a client that nobody here wrote, and what field security makes of it."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime

import msgspec
import pytest
import requests
from cs_connector.adapters.salesforce.adapter import Description, _object_info
from cs_connector.adapters.salesforce.simulator import SalesforceOrg
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest
from zeep.exceptions import Fault

from cs_connector.sandbox.up import Sandbox

from .salesforce_org import FIELDS
from .test_salesforce_clients import ToLoopback

FIELD = {"fullName": "Account.Tier__c", "label": "Tier", "type": "Text", "length": 20}
OBJECT = {
    "fullName": "Visit__c", "label": "Visit", "pluralLabel": "Visits", "deploymentStatus": "Deployed",
    "sharingModel": "ReadWrite",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox([("salesforce", SalesforceOrg)], datetime(2026, 11, 22, 12, tzinfo=UTC))
    sandbox.start()
    sandbox.install("salesforce", FIELDS)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def client(sandbox):
    """The library as it is; only its sessions are routed to this machine."""
    login = sandbox.document()["salesforce"]
    with requests.Session() as session:
        session.mount("https://", ToLoopback(login["base_url"]))
        made = Salesforce(
            instance="acme.my.salesforce.com",
            session_id=login["access_token"],
            version="66.0",
            session=session,
        )
        made.mdapi._client.transport.session.mount("https://", ToLoopback(login["base_url"]))
        yield made


@pytest.fixture(autouse=True)
def as_before(sandbox):
    number = sandbox.snapshot()
    yield
    sandbox.restore(number)


def names(client, kind="Account"):
    return {f["name"] for f in getattr(client, kind).describe()["fields"]}


def permission_set(client, name="Tiers", field="Account.Tier__c", **rights):
    api = client.mdapi
    granted = {"field": field, "readable": True, "editable": True} | rights
    api.PermissionSet.create([api.PermissionSet(fullName=name, label=name, fieldPermissions=[granted])])
    found = client.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")
    return found["records"][0]["Id"]


def me(client):
    return client.query("SELECT Id FROM User WHERE LastName = 'Connector'")["records"][0]["Id"]


def test_a_new_field_is_invisible_until_a_permission_set_with_it_is_assigned(client, sandbox):
    client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD)])
    assert "Tier__c" not in names(client)
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Tier__c'"):
        client.query("SELECT Tier__c FROM Account")
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Tier__c'"):
        client.Account.create({"Name": "A", "Tier__c": "Gold"})
    parent = permission_set(client)
    assert "Tier__c" not in names(client)
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    assert "Tier__c" in names(client)
    made = client.Account.create({"Name": "A", "Tier__c": "Gold"})
    assert client.Account.get(made["id"])["Tier__c"] == "Gold"
    entry = next(e for e in sandbox.world.ledger.entries() if e["object"] == "CustomField")
    assert (entry["action"], entry["id"], entry["before"]) == ("create", "Account.Tier__c", None)
    assert entry["after"]["length"] == 20


def test_a_field_that_is_only_readable_is_not_written(client):
    client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD)])
    parent = permission_set(client, editable=False)
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    described = next(f for f in client.Account.describe()["fields"] if f["name"] == "Tier__c")
    assert (described["createable"], described["updateable"]) == (False, False)
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD_FOR_INSERT_UPDATE"):
        client.Account.create({"Name": "A", "Tier__c": "Gold"})


def test_permissions_are_records_too(client):
    client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD)])
    standing = client.query("SELECT Id FROM PermissionSet WHERE Name = 'Integration_Access'")["records"][0]
    row = {"ParentId": standing["Id"], "SobjectType": "Account", "Field": "Account.Tier__c"}
    made = client.FieldPermissions.create(row | {"PermissionsRead": True, "PermissionsEdit": True})
    assert "Tier__c" in names(client)
    client.FieldPermissions.delete(made["id"])
    assert "Tier__c" not in names(client)


def test_a_required_field_is_seen_by_all_and_no_permission_set_may_list_it(client):
    client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD, required=True)])
    assert "Tier__c" in names(client)
    with pytest.raises(Exception, match=r"You cannot deploy to a required field: Account\.Tier__c"):
        permission_set(client)


def test_an_object_with_fields_opens_by_permission_set(client):
    api = client.mdapi
    name = api.CustomField(type="AutoNumber", label="Number", displayFormat="V-{0000}")
    why = api.CustomField(fullName="Why__c", label="Why", type="LongTextArea", length=1000, visibleLines=3)
    account = {
        "fullName": "Account__c",
        "label": "Account",
        "type": "Lookup",
        "referenceTo": "Account",
        "relationshipName": "Visits",
    }
    api.CustomObject.create(
        [api.CustomObject(**OBJECT, nameField=name, fields=[why, api.CustomField(**account)])]
    )
    assert "Visit__c" not in {o["name"] for o in client.describe()["sobjects"]}
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        client.query("SELECT Id FROM Visit__c")
    rights = dict.fromkeys(
        ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords"), True
    )
    sets = api.PermissionSet(
        fullName="Visits", label="Visits", objectPermissions=[{"object": "Visit__c", **rights}],
        fieldPermissions=[{"field": f"Visit__c.{n}", "readable": True, "editable": True} for n in ("Why__c", "Account__c")],
    )  # fmt: skip
    api.PermissionSet.upsert([sets])
    parent = client.query("SELECT Id FROM PermissionSet WHERE Name = 'Visits'")["records"][0]["Id"]
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    owner = client.Account.create({"Name": "A"})["id"]
    client.Visit__c.create({"Account__c": owner, "Why__c": "x" * 900})
    found = client.query("SELECT Name, Account__r.Name FROM Visit__c")
    assert [(r["Name"], r["Account__r"]["Name"]) for r in found["records"]] == [("V-0001", "A")]


def test_read_update_rename_and_delete_a_field(client):
    api = client.mdapi
    values = {
        "sorted": False,
        "value": [{"fullName": n, "label": n, "default": n == "Gold"} for n in ("Gold", "Silver")],
    }
    api.CustomField.create(
        [
            api.CustomField(
                fullName="Account.Level__c",
                label="Level",
                type="Picklist",
                valueSet={"restricted": True, "valueSetDefinition": values},
            )
        ]
    )
    read = api.CustomField.read(["Account.Level__c"])
    assert (read.fullName, read.type, [v.fullName for v in read.valueSet.valueSetDefinition.value]) == (
        "Account.Level__c",
        "Picklist",
        ["Gold", "Silver"],
    )
    parent = permission_set(client, field="Account.Level__c")
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    made = client.Account.create({"Name": "A"})["id"]
    assert client.Account.get(made)["Level__c"] == "Gold"
    read.label = "Service level"
    api.CustomField.update([read])
    assert (
        next(f for f in client.Account.describe()["fields"] if f["name"] == "Level__c")["label"]
        == "Service level"
    )
    api.CustomField.rename("Account.Level__c", "Account.Grade__c")
    assert client.Account.get(made)["Grade__c"] == "Gold"
    api.CustomField.delete(["Account.Grade__c"])
    assert "Grade__c" not in names(client)
    with pytest.raises(Exception, match=r"no CustomField named Account\.Grade__c found"):
        api.CustomField.delete(["Account.Grade__c"])


BAD = {
    r"\(DUPLICATE_DEVELOPER_NAME, There is already a field named CS_Key__c on Account\.\)": {"fullName": "Account.CS_Key__c"},
    "Must specify 'length' for a CustomField of type Text": {"length": None},
    "Can not specify 'length' for a CustomField of type TextArea": {"type": "TextArea"},
    "Must specify 'defaultValue' for a CustomField of type Checkbox": {"type": "Checkbox", "length": None},
    "Must specify a non-empty label for the CustomField": {"label": None},
    "INVALID_FIELD_TYPE": {"type": "Nmber"},
    "Entity of type 'CustomObject' named 'Nope__c' cannot be found": {"fullName": "Nope__c.Tier__c"},
    "referenceTo value of 'Nope' does not resolve to a valid sObject type": {"type": "Lookup", "length": None, "referenceTo": "Nope"},
    "A field of type Summary is not simulated": {"type": "Summary"},
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_a_bad_field_is_refused_in_salesforce_s_words(client, message):
    changed = {k: v for k, v in (FIELD | BAD[message]).items() if v is not None}
    with pytest.raises(Exception, match=message):
        client.mdapi.CustomField.create([client.mdapi.CustomField(**changed)])


def test_one_bad_field_leaves_the_others(client):
    good = [client.mdapi.CustomField(**FIELD | {"fullName": f"Account.T{n}__c"}) for n in range(2)]
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        client.mdapi.CustomField.create(
            [good[0], client.mdapi.CustomField(**FIELD | {"fullName": "Account.CS_Key__c"}), good[1]]
        )
    assert {f.fullName for f in client.mdapi.list_metadata([{"type": "CustomField"}])} >= {
        "Account.T0__c",
        "Account.T1__c",
    }


def test_more_than_ten_are_refused_as_a_whole(client):
    many = [client.mdapi.CustomField(**FIELD | {"fullName": f"Account.T{n}__c"}) for n in range(11)]
    with pytest.raises(Fault, match="EXCEEDED_ID_LIMIT: record limit reached"):
        client.mdapi.CustomField.create(many)
    assert client.mdapi.CustomField.read(["Account.T0__c"]).fullName is None


def test_a_field_in_use_is_not_deleted(client):
    api = client.mdapi
    api.CustomField.create([api.CustomField(**FIELD)])
    rule = {
        "fullName": "Account.Tier_Set",
        "active": True,
        "errorConditionFormula": "ISBLANK(Tier__c)",
        "errorMessage": "Tier!",
    }
    api.ValidationRule.create([api.ValidationRule(**rule)])
    with pytest.raises(Exception, match="DEPENDENCY_EXISTS"):
        api.CustomField.delete(["Account.Tier__c"])
    api.ValidationRule.delete(["Account.Tier_Set"])
    api.CustomField.delete(["Account.Tier__c"])


def test_record_types_come_with_their_own_values(client):
    api = client.mdapi
    few = [{"fullName": "Technology", "default": False}, {"fullName": "Media", "default": False}]
    kind = api.RecordType(
        fullName="Account.Partner",
        label="Partner",
        active=True,
        picklistValues=[{"picklist": "Industry", "values": few}],
    )
    api.RecordType.create([kind])
    row = client.query("SELECT Id, DeveloperName, IsActive FROM RecordType WHERE SobjectType = 'Account'")[
        "records"
    ][0]
    infos = client.Account.describe()["recordTypeInfos"]
    assert [(i["recordTypeId"], i["developerName"], i["master"]) for i in infos if not i["master"]] == [
        (row["Id"], "Partner", False)
    ]
    info = _object_info(msgspec.convert(client.Account.describe(), Description))
    assert row["Id"] in next(field.choices for field in info.fields if field.name == "RecordTypeId")
    made = client.Account.create({"Name": "A", "RecordTypeId": row["Id"]})
    assert client.Account.get(made["id"])["RecordTypeId"] == row["Id"]


def test_what_is_not_simulated_says_so(client):
    with pytest.raises(Fault, match="The metadata type Layout is not simulated"):
        client.mdapi.Layout.read(["Account-Account Layout"])
    described = client.mdapi.describe_metadata()
    assert {o.xmlName for o in described.metadataObjects} == {
        "CustomObject", "CustomTab", "Dashboard", "PermissionSet", "Report", "ReportType",
    }  # fmt: skip


def soap(sandbox, path, body, session=None):
    token = sandbox.document()["salesforce"]["access_token"] if session is None else session
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader>'
        f"<sessionId>{token}</sessionId></SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
    with requests.Session() as session_:
        return session_.post(
            f"{sandbox.document()['salesforce']['base_url']}/services/Soap/{path}", data=text
        )


def test_deploying_a_zip_is_a_fault(sandbox):
    answer = soap(sandbox, "m/66.0", '<deploy xmlns="http://soap.sforce.com/2006/04/metadata"/>')
    assert (answer.status_code, answer.headers["Content-Type"]) == (501, "text/xml; charset=utf-8")
    assert (
        "<faultstring>UNSUPPORTED_OPERATION: deploy of the SOAP API is not simulated.</faultstring>"
        in answer.text
    )


def test_log_in_by_soap_is_gone(sandbox):
    late = soap(sandbox, "u/66.0", "<login/>")
    assert (late.status_code, "<sf:exceptionCode>UNSUPPORTED_API_VERSION" in late.text) == (500, True)
    assert (
        "INVALID_OPERATION: SOAP API login() is disabled by default in this org"
        in soap(sandbox, "u/64.0", "<login/>").text
    )
    with pytest.raises(Exception, match="UNSUPPORTED_API_VERSION"), requests.Session() as session:
        session.mount("https://", ToLoopback(sandbox.document()["salesforce"]["base_url"]))
        Salesforce(username="a", password="b", security_token="c", version="65.0", session=session)


def test_soap_without_a_session_and_with_entities(sandbox):
    assert "INVALID_SESSION_ID" in soap(sandbox, "m/66.0", "<describeMetadata/>", "nobody").text
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with requests.Session() as session:
        answer = session.post(
            f"{sandbox.document()['salesforce']['base_url']}/services/Soap/m/66.0", data=bomb
        )
    assert (answer.status_code, "DOCTYPE is not allowed" in answer.text) == (500, True)


def test_who_am_i_by_soap(sandbox):
    answer = soap(sandbox, "u/66.0", '<getUserInfo xmlns="urn:partner.soap.sforce.com"/>').text
    assert f"<organizationId>{sandbox.document()['salesforce']['org_id']}</organizationId>" in answer
    assert "<limit>150000</limit><type>API REQUESTS</type>" in answer
    assert "<timestamp>2026-11-22T" in soap(sandbox, "u/66.0", "<getServerTimestamp/>").text


def test_tooling_lists_objects_and_fields_and_says_what_it_has_not(client):
    def ask(query):
        return client.toolingexecute("query/", params={"q": query})

    fields = ask(
        "SELECT QualifiedApiName, DataType, EntityDefinition.Label FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'CS_Key__c'"
    )["records"]
    assert [(f["DataType"], f["EntityDefinition"]["Label"]) for f in fields] == [("Text(80)", "Account")]
    listed = client.query("SELECT KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Contact'")
    assert listed["records"][0]["KeyPrefix"] == "003"
    for name in ("SandboxProcess", "ScratchOrgInfo"):
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
            ask(f"SELECT Id FROM {name}")
    with pytest.raises(SalesforceGeneralError, match="ApexClass of the Tooling API is not simulated"):
        ask("SELECT Id FROM ApexClass")


def test_a_describe_is_not_sent_again_until_something_changed(sandbox, client):
    base = f"{sandbox.document()['salesforce']['base_url']}/services/data/v66.0/sobjects/Account/describe"
    head = {"Authorization": f"Bearer {sandbox.document()['salesforce']['access_token']}"}
    with requests.Session() as session:
        stamp = session.get(base, headers=head).headers["Last-Modified"]
        again = session.get(base, headers=head | {"If-Modified-Since": stamp})
        assert (again.status_code, again.content) == (304, b"")
        client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD, required=True)])
        changed = session.get(base, headers=head | {"If-Modified-Since": stamp})
        assert changed.status_code == 200
        assert changed.headers["Last-Modified"] != stamp


def test_a_dependent_picklist_says_which_values_go_together(client):
    api = client.mdapi
    levels = [{"fullName": n, "label": n, "default": False} for n in ("Low", "High")]
    under = [
        {"valueName": "Low", "controllingFieldValue": ["Hot", "Cold"]},
        {"valueName": "High", "controllingFieldValue": ["Hot"]},
    ]
    values = {
        "controllingField": "Rating", "restricted": True, "valueSettings": under,
        "valueSetDefinition": {"sorted": False, "value": levels},
    }  # fmt: skip
    api.CustomField.create(
        [api.CustomField(fullName="Account.Level__c", label="Level", type="Picklist", valueSet=values)]
    )
    parent = permission_set(client, field="Account.Level__c")
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    level = next(f for f in client.Account.describe()["fields"] if f["name"] == "Level__c")
    assert (level["dependentPicklist"], level["controllerName"]) == (True, "Rating")
    # Rating is Hot, Warm, Cold: bits 101 and 100
    assert [b64decode(v["validFor"]) for v in level["picklistValues"]] == [b"\xa0", b"\x80"]
    # Only the pages of Salesforce keep to it: the API takes any value of the list.
    unfit = client.Account.create({"Name": "A", "Rating": "Cold", "Level__c": "High"})["id"]
    assert client.Account.get(unfit)["Level__c"] == "High"


def merge(sandbox, master, loser, **fields):
    changes = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    body = f"<merge><request><masterRecord><type>Account</type><Id>{master}</Id>{changes}</masterRecord>"
    return soap(
        sandbox, "u/66.0", f"{body}<recordToMergeIds>{loser}</recordToMergeIds></request></merge>"
    ).text


def test_merge_undelete_and_empty_by_soap(sandbox, client):
    master, loser = (client.Account.create({"Name": name})["id"] for name in ("Keep", "Lose"))
    contact = client.Contact.create({"LastName": "A", "AccountId": loser})["id"]
    answer = merge(sandbox, master, loser, Industry="Media")
    assert (
        f"<mergedRecordIds>{loser}</mergedRecordIds><success>true</success><updatedRelatedIds>{contact}"
        in answer
    )
    assert client.Account.get(master)["Industry"] == "Media"
    assert client.Contact.get(contact)["AccountId"] == master
    gone = client.query(
        f"SELECT MasterRecordId, IsDeleted FROM Account WHERE Id = '{loser}'", include_deleted=True
    )
    assert [(r["MasterRecordId"], r["IsDeleted"]) for r in gone["records"]] == [(master, True)]
    assert "<success>false</success>" in merge(sandbox, master, loser)
    client.Account.delete(master)
    assert (
        f"<id>{master}</id><success>true</success>"
        in soap(sandbox, "u/66.0", f"<undelete><ids>{master}</ids></undelete>").text
    )
    assert client.Account.get(master)["Name"] == "Keep"
    client.Account.delete(master)
    assert (
        "<success>true</success>"
        in soap(sandbox, "u/66.0", f"<emptyRecycleBin><ids>{master}</ids></emptyRecycleBin>").text
    )
    assert (
        "<success>false</success>"
        in soap(sandbox, "u/66.0", f"<undelete><ids>{master}</ids></undelete>").text
    )


def test_a_formula_reads_what_its_reader_may_not_see(sandbox, client):
    made = client.Account.create({"Name": "A", "CS_Health_Score__c": 50, "CS_Band__c": "Red"})["id"]
    query = "SELECT Id FROM FieldPermissions WHERE Field = 'Account.CS_Health_Score__c'"
    client.FieldPermissions.delete(client.query(query)["records"][0]["Id"])
    assert "CS_Health_Score__c" not in names(client)
    assert client.Account.get(made)["Label__c"] == "Red 50"


def test_an_org_with_person_accounts_and_one_currency(sandbox, client):
    assert client.query("SELECT COUNT() FROM CurrencyType WHERE IsCorporate = true")["totalSize"] == 1
    person = {"name": "Hobby__c", "type": "Text", "label": "Hobby", "length": 20}
    sandbox.install(
        "salesforce", {"personAccounts": True, "multiCurrency": False, "Contact": {"fields": [person]}}
    )
    made = client.Account.create({"FirstName": "Jo", "LastName": "Smith", "Hobby__pc": "Chess"})["id"]
    account = client.Account.get(made)
    assert (account["Name"], account["IsPersonAccount"], "CurrencyIsoCode" in account) == (
        "Jo Smith",
        True,
        False,
    )
    contact = client.Contact.get(account["PersonContactId"])
    assert (contact["LastName"], contact["Hobby__c"], contact["IsPersonAccount"]) == ("Smith", "Chess", True)
    assert (
        "<orgHasPersonAccounts>true</orgHasPersonAccounts>" in soap(sandbox, "u/66.0", "<getUserInfo/>").text
    )
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        client.query("SELECT IsoCode FROM CurrencyType")


def test_a_rule_made_by_metadata_holds(client):
    rule = {
        "fullName": "Account.Needs_Industry", "active": True, "errorConditionFormula": "ISBLANK(TEXT(Industry))",
        "errorMessage": "Say which industry", "errorDisplayField": "Industry",
    }  # fmt: skip
    client.mdapi.ValidationRule.create([client.mdapi.ValidationRule(**rule)])
    with pytest.raises(SalesforceMalformedRequest, match="Say which industry"):
        client.Account.create({"Name": "A"})
    assert client.Account.create({"Name": "A", "Industry": "Media"})["success"]
    with pytest.raises(Exception, match="The formula VLOOKUP"):
        client.mdapi.ValidationRule.create(
            [
                client.mdapi.ValidationRule(
                    **rule | {"fullName": "Account.Odd", "errorConditionFormula": "VLOOKUP(1)"}
                )
            ]
        )


def test_a_field_of_activities_lives_on_tasks_and_events(client):
    client.mdapi.CustomField.create([client.mdapi.CustomField(**FIELD | {"fullName": "Activity.Tier__c"})])
    parent = permission_set(client, field="Activity.Tier__c")
    client.PermissionSetAssignment.create({"PermissionSetId": parent, "AssigneeId": me(client)})
    assert {"Tier__c"} <= names(client, "Task") & names(client, "Event")
    assert client.mdapi.CustomField.read(["Activity.Tier__c"]).fullName == "Activity.Tier__c"
    with pytest.raises(Exception, match="There is already a field named CS_Key__c on Task"):
        client.mdapi.CustomField.create(
            [client.mdapi.CustomField(**FIELD | {"fullName": "Activity.CS_Key__c"})]
        )
