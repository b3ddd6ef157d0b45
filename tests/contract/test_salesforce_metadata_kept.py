"""List views, layouts, tabs, reports and dashboards over SOAP, by a client that nobody here wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cs_connector.adapters.salesforce.simulator import SalesforceOrg

from cs_connector.sandbox.keeping import Folder
from cs_connector.sandbox.up import Sandbox

from .salesforce_org import FIELDS
from .test_salesforce_metadata import as_before, client, sandbox  # noqa: F401

VIEW = {
    "fullName": "Account.Reds", "label": "Reds", "filterScope": "Everything", "columns": ["ACCOUNT.NAME", "CS_Band__c"],
    "filters": [{"field": "CS_Band__c", "operation": "equals", "value": "Red"}],
}  # fmt: skip
TYPE = {
    "fullName": "Subs", "baseObject": "Subscription__c", "category": "other", "deployed": True, "label": "Subs",
    "sections": [{"masterLabel": "Subs", "columns": [
        {"checkedByDefault": True, "field": n, "table": "Subscription__c"} for n in ("Name", "Start__c", "Owner")
    ]}],
}  # fmt: skip
REPORT = {
    "fullName": "Ours/Starts", "name": "Starts", "format": "Summary", "reportType": "Subs__c",
    "groupingsDown": [{"dateGranularity": "Month", "field": "Subscription__c$Start__c", "sortOrder": "Asc"}],
    "columns": [{"field": "Subscription__c$Name"}],
}  # fmt: skip
DASHBOARD = {
    "fullName": "Boards/Book", "title": "Book", "dashboardType": "LoggedInUser", "backgroundEndColor": "#FFFFFF",
    "backgroundFadeDirection": "Diagonal", "backgroundStartColor": "#FFFFFF", "textColor": "#000000",
    "titleColor": "#000000", "titleSize": 12,
    "leftSection": {"columnSize": "Medium", "components": [{"componentType": "Bar", "report": "Ours/Starts"}]},
}  # fmt: skip


def make(client, kind, **body):  # noqa: F811
    of = getattr(client.mdapi, kind)
    of.create([of(**body)])


def reporting(client):  # noqa: F811
    make(client, "ReportType", **TYPE)
    make(client, "ReportFolder", fullName="Ours", name="Ours")
    make(client, "Report", **REPORT)
    make(client, "DashboardFolder", fullName="Boards", name="Boards")
    make(client, "Dashboard", **DASHBOARD)


def test_a_list_view_is_made_read_changed_listed_and_deleted(client, sandbox):  # noqa: F811
    api = client.mdapi
    make(client, "ListView", **VIEW)
    read = api.ListView.read(["Account.Reds"])
    assert (read.label, read.columns, read.filters[0].value) == (
        "Reds",
        ["ACCOUNT.NAME", "CS_Band__c"],
        "Red",
    )
    read.label = "Red ones"
    api.ListView.update([read])
    assert [f.fullName for f in api.list_metadata([{"type": "ListView"}])] == ["Account.Reds"]
    assert api.ListView.read(["Account.Reds"]).label == "Red ones"
    api.ListView.delete(["Account.Reds"])
    assert api.ListView.read(["Account.Reds"]).fullName is None
    actions = [e["action"] for e in sandbox.world.ledger.entries() if e["object"] == "ListView"]
    assert actions[-3:] == ["create", "update", "delete"]


BAD_VIEWS = {
    "Could not resolve list view column: Nobody__c": {"columns": ["Nobody__c"]},
    r"Could not resolve list view column: ACCOUNT\.SHOESIZE": {"columns": ["ACCOUNT.SHOESIZE"]},
    "Picklist value: Rde in picklist: CS_Band__c not found": {"filters": [{"field": "CS_Band__c", "operation": "equals", "value": "Rde"}]},
    "'Nobody' is not a valid value for the enum 'FilterScope'": {"filterScope": "Nobody"},
    "no CustomObject named Nope__c found": {"fullName": "Nope__c.Reds"},
    "LIMIT_EXCEEDED": {"columns": ["ACCOUNT.NAME"] * 16},
    r"\(DUPLICATE_DEVELOPER_NAME, This list view unique name is already in use": {},
}  # fmt: skip


@pytest.mark.parametrize("message", BAD_VIEWS)
def test_a_bad_list_view_is_refused(client, message):  # noqa: F811
    make(client, "ListView", **VIEW)
    name = {"fullName": "Account.Other"} if BAD_VIEWS[message] else {}
    with pytest.raises(Exception, match=message):
        make(client, "ListView", **(VIEW | name | BAD_VIEWS[message]))


def test_a_view_on_a_day_that_moves(client):  # noqa: F811
    dated = {
        "fullName": "Subscription__c.New",
        "label": "New",
        "filterScope": "Mine",
        "columns": ["NAME", "OWNER.ALIAS"],
    }
    soon = {"field": "Start__c", "operation": "lessOrEqual", "value": "NEXT_N_DAYS:30"}
    make(client, "ListView", **dated, filters=[soon])
    with pytest.raises(Exception, match="Invalid date: whenever you like"):
        make(
            client,
            "ListView",
            **(dated | {"fullName": "Subscription__c.Odd"}),
            filters=[soon | {"value": "whenever you like"}],
        )


def test_what_lists_a_field_lists_it_no_more_once_it_is_deleted(client):  # noqa: F811
    make(client, "ListView", **VIEW)
    make(client, "CompactLayout", fullName="Account.Short", label="Short", fields=["Name", "Code__c"])
    client.mdapi.CustomField.delete(["Account.Code__c"])
    assert client.mdapi.CompactLayout.read(["Account.Short"]).fields == ["Name"]


def test_a_compact_layout_names_fields_that_are_there(client):  # noqa: F811
    with pytest.raises(Exception, match=r"In field: fields - no CustomField named Account\.Nope__c found"):
        make(client, "CompactLayout", fullName="Account.Short", label="Short", fields=["Name", "Nope__c"])


def test_a_tab_of_an_object_and_who_sees_it(client):  # noqa: F811
    tabs = [{"tab": "Subscription__c", "visibility": "Visible"}]
    with pytest.raises(Exception, match="In field: tab - no CustomTab named Subscription__c found"):
        make(client, "PermissionSet", fullName="Tabs", label="Tabs", tabSettings=tabs)
    make(client, "CustomTab", fullName="Subscription__c", customObject=True, motif="Custom18: Form")
    allowed = [{"enabled": True, "name": "EditTask"}]
    make(client, "PermissionSet", fullName="Tabs", label="Tabs", tabSettings=tabs, userPermissions=allowed)
    read = client.mdapi.PermissionSet.read(["Tabs"])
    assert (read.tabSettings[0].visibility, read.userPermissions[0].name) == ("Visible", "EditTask")
    with pytest.raises(Exception, match="Unknown user permission: EditTsak"):
        make(
            client,
            "PermissionSet",
            fullName="Odd",
            label="Odd",
            userPermissions=[{"enabled": True, "name": "EditTsak"}],
        )


def test_reports_stand_on_report_types_in_folders_and_dashboards_on_reports(client):  # noqa: F811
    reporting(client)
    api = client.mdapi
    assert [f.fullName for f in api.list_metadata([{"type": "Report", "folder": "Ours"}])] == ["Ours/Starts"]
    assert api.list_metadata([{"type": "Report", "folder": "Else"}]) in (None, [])
    with pytest.raises(Exception, match=r"DEPENDENCY_EXISTS.*Dashboard - Boards/Book"):
        api.Report.delete(["Ours/Starts"])
    with pytest.raises(Exception, match=r"DEPENDENCY_EXISTS.*Report - Ours/Starts"):
        api.ReportType.delete(["Subs"])
    with pytest.raises(Exception, match=r"DEPENDENCY_EXISTS.*Custom Report Type - Subs"):
        api.CustomObject.delete(["Subscription__c"])
    with pytest.raises(Exception, match="The folder Ours is not empty"):
        api.ReportFolder.delete(["Ours"])
    for kind, name in (
        ("Dashboard", "Boards/Book"),
        ("Report", "Ours/Starts"),
        ("ReportFolder", "Ours"),
        ("ReportType", "Subs"),
    ):
        getattr(api, kind).delete([name])
    make(client, "CustomTab", fullName="Subscription__c", customObject=True, motif="Custom18: Form")
    api.CustomObject.delete(["Subscription__c"])
    assert api.CustomTab.read(["Subscription__c"]).fullName is None


BAD_REPORTS = {
    "Cannot find folder:Nowhere": ("Report", REPORT | {"fullName": "Nowhere/Starts"}),
    "Invalid report type: Subz__c": ("Report", REPORT | {"fullName": "Ours/B", "reportType": "Subz__c"}),
    r"Invalid field name: Subscription__c\$Live__c": ("Report", REPORT | {"fullName": "Ours/B", "columns": [{"field": "Subscription__c$Live__c"}]}),
    "A summary report needs at least one grouping": ("Report", REPORT | {"fullName": "Ours/B", "groupingsDown": []}),
    r"no CustomField named Subscription__c\.Nope__c found": (
        "ReportType",
        TYPE | {"fullName": "B", "sections": [{"masterLabel": "A", "columns": [{"checkedByDefault": False, "field": "Nope__c", "table": "Subscription__c"}]}]},
    ),
    "no Report named Ours/Ends found": (
        "Dashboard",
        DASHBOARD | {"fullName": "Boards/B", "leftSection": {"columnSize": "Medium", "components": [{"componentType": "Bar", "report": "Ours/Ends"}]}},
    ),
    "needs a runningUser": ("Dashboard", DASHBOARD | {"fullName": "Boards/B", "dashboardType": "SpecifiedUser"}),
    "The Report Unique Name is already in use": ("Report", REPORT),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD_REPORTS)
def test_a_bad_report_is_refused(client, message):  # noqa: F811
    reporting(client)
    kind, body = BAD_REPORTS[message]
    with pytest.raises(Exception, match=message):
        make(client, kind, **body)


def test_a_snapshot_keeps_them(client, sandbox):  # noqa: F811
    make(client, "ListView", **VIEW)
    number = sandbox.snapshot()
    client.mdapi.ListView.delete(["Account.Reds"])
    sandbox.restore(number)
    assert client.mdapi.ListView.read(["Account.Reds"]).label == "Reds"


def test_what_is_installed_at_the_start_is_checked_as_well(sandbox):  # noqa: F811
    view = {"name": "Odd", "label": "Odd", "filterScope": "Mine", "columns": ["Nobody__c"]}
    with pytest.raises(Exception, match=r"Salesforce would refuse the ListView Account\.Odd"):
        sandbox.install("salesforce", {"Account": {"listViews": [view]}})


def test_a_kept_sandbox_keeps_them(tmp_path):
    folder = Folder(tmp_path)
    for saved in (True, False):
        again = Sandbox([("salesforce", SalesforceOrg)], datetime(2026, 11, 22, 12, tzinfo=UTC))
        if saved:
            again.install(
                "salesforce",
                FIELDS | {"Account": FIELDS["Account"] | {"listViews": [{"name": "Reds", **VIEW}]}},
            )
            again.keep(folder, {})
            again.snapshots.save("a")
        else:
            again.snapshots.resume(folder.find())
            assert list(again.simulators["salesforce"]._metadata.components.of("ListView")) == [
                "account.reds"
            ]
        again.stop()
    folder.close()
