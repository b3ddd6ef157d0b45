"""Permission sets written as records: what the org refuses, in Salesforce's words."""

from __future__ import annotations

import pytest

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org


@pytest.fixture
def org():
    return Org()


@pytest.fixture
def tiers(org):
    return org.create("PermissionSet", Name="Tiers", Label="Tiers")


def field(parent, name="Account.CS_Band__c", kind="Account", **rights):
    return {"ParentId": parent, "SobjectType": kind, "Field": name, "PermissionsRead": True, **rights}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"Field": "Account.Nope__c"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Account.Nope__c"),
        ({"Field": "CS_Band__c"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "CS_Band__c"),
        ({"Field": "Account.Name"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Account.Name"),
        ({"SobjectType": "Case"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Account.CS_Band__c"),
        ({"SobjectType": "Nope__c"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Nope__c"),
        (
            {"PermissionsRead": False, "PermissionsEdit": True},
            "FIELD_INTEGRITY_EXCEPTION",
            "Permission Edit Account.CS_Band__c depends on permission(s): Read Account.CS_Band__c",
        ),
    ],
)
def test_a_field_permission_names_a_field_and_what_edits_reads(org, tiers, change, code, message):
    status, found, said = org.error("POST", "sobjects/FieldPermissions", field(tiers) | change)
    assert (status, found) == (400, code)
    assert said.endswith(message)
    assert org.names(f"WHERE ParentId = '{tiers}'", "Field", "FieldPermissions") == []


def test_a_field_permission_stays_right_when_it_is_changed(org, tiers):
    made = org.create("FieldPermissions", **field(tiers, PermissionsEdit=True))
    assert org.error("PATCH", f"sobjects/FieldPermissions/{made}", {"PermissionsRead": False})[1] == (
        "FIELD_INTEGRITY_EXCEPTION"
    )
    gone = {"PermissionsRead": False, "PermissionsEdit": False}
    assert org.call("PATCH", f"sobjects/FieldPermissions/{made}", gone).status == 204


def test_a_permission_set_lists_a_field_once(org, tiers):
    org.create("FieldPermissions", **field(tiers))
    assert org.error("POST", "sobjects/FieldPermissions", field(tiers))[1] == "DUPLICATE_VALUE"


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (["Edit"], "Permission Edit Visit__c depends on permission(s): Read Visit__c"),
        (["Read", "Delete"], "Permission Delete Visit__c depends on permission(s): Edit Visit__c"),
        (
            ["Read", "ModifyAllRecords"],
            "Permission Modify All Visit__c depends on permission(s): Edit Visit__c",
        ),
    ],
)
def test_a_right_on_an_object_needs_others(org, tiers, rights, missing):
    org.sim.install({"Visit__c": {"label": "Visit"}})
    row = {"ParentId": tiers, "SobjectType": "Visit__c"} | {f"Permissions{r}": True for r in rights}
    status, code, message = org.error("POST", "sobjects/ObjectPermissions", row)
    assert (status, code) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert message.startswith(missing)


def test_a_permission_set_is_assigned_once(org, tiers):
    (me,) = org.names("WHERE LastName = 'Connector'", "Id", "User")
    org.create("PermissionSetAssignment", PermissionSetId=tiers, AssigneeId=me)
    again = {"PermissionSetId": tiers, "AssigneeId": me}
    status, code, message = org.error("POST", "sobjects/PermissionSetAssignment", again)
    assert (status, code) == (400, "DUPLICATE_VALUE")
    assert message == f"Duplicate PermissionSetAssignment. Assignee: {me[:15]}; Permission Set: {tiers[:15]}"


def test_a_permission_set_forgets_an_object_that_is_gone(org, tiers):
    org.sim.install({"Visit__c": {"label": "Visit", "fields": [{"name": "Kind__c", "type": "Text"}]}})
    org.create("ObjectPermissions", ParentId=tiers, SobjectType="Visit__c", PermissionsRead=True)
    assert "OK" in deleted(org, "Visit__c")
    for kind in ("ObjectPermissions", "FieldPermissions"):
        assert org.names("WHERE SobjectType = 'Visit__c'", "Id", kind) == []


def deleted(org, name):
    """OK, or what the Metadata API answers."""
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader>'
        f"<sessionId>{org.token}</sessionId></SessionHeader></e:Header><e:Body><deleteMetadata>"
        f"<type>CustomObject</type><fullNames>{name}</fullNames></deleteMetadata></e:Body></e:Envelope>"
    )
    answer = org.sim.handle(Request("POST", "/services/Soap/m/66.0", "", {}, text.encode()))
    return "OK" if b"<success>true</success>" in answer.body else answer.body.decode()
