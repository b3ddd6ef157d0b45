"""Report types, reports and dashboards, as components of the Metadata API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cs_connector.ports import Piece

from .declaration import REPORTS, Spec, reports

ACTIVITY = "Activity"
Body = Mapping[str, Any]
_SHARED = {"accessLevel": "View", "sharedTo": "AllInternalUsers", "sharedToType": "Group"}
_COLOURS = {
    "backgroundEndColor": "#FFFFFF", "backgroundFadeDirection": "Diagonal", "backgroundStartColor": "#FFFFFF",
    "textColor": "#000000", "titleColor": "#000000", "titleSize": 12,
}  # fmt: skip
_CHART = {
    "autoselectColumnsFromReport": True, "chartAxisRange": "Auto", "displayUnits": "Auto", "drillEnabled": False,
    "drillToDetailEnabled": False, "enableHover": True, "expandOthers": False, "legendPosition": "Bottom",
    "showPercentage": False, "showValues": True, "sortBy": "RowLabelAscending", "useReportChart": False,
}  # fmt: skip
_SIDES = ("left", "middle", "right")


def pieces() -> Iterator[Piece]:
    """In the order in which each finds what it names."""
    told = reports()
    bases = {spec["name"]: spec["base"] for spec in told["types"]}
    folder, shelf = told["folder"], told["dashboardFolder"]
    yield from (_piece("ReportType", spec["name"], _type(spec)) for spec in told["types"])
    yield _piece("ReportFolder", folder["name"], _folder(folder))
    for spec in told["reports"]:
        yield _piece("Report", f"{folder['name']}/{spec['name']}", _report(spec, bases))
    yield _piece("DashboardFolder", shelf["name"], _folder(shelf))
    for spec in told["dashboards"]:
        yield _piece("Dashboard", f"{shelf['name']}/{spec['name']}", _dashboard(spec, folder["name"]))


def _piece(kind: str, name: str, body: Body) -> Piece:
    return Piece(kind, name, body, REPORTS)


def _folder(spec: Spec) -> Body:
    return {"folderShares": [_SHARED], "name": spec["label"]}


def _type(spec: Spec) -> Body:
    columns = [
        {"checkedByDefault": name == "Name", "field": name, "table": spec["base"]} for name in spec["fields"]
    ]
    return {
        "baseObject": spec["base"],
        "category": spec["category"],
        "deployed": True,
        "label": spec["label"],
        "sections": [{"columns": columns, "masterLabel": spec["label"]}],
    }


def _report(spec: Spec, bases: Mapping[str, str]) -> Body:
    base = bases.get(spec["type"])
    prefix = f"{base}$" if base else ""
    summed = [{"aggregateTypes": ["Sum"], "field": prefix + name} for name in spec.get("sum", ())]
    body = {
        "columns": [*({"field": prefix + name} for name in spec["show"]), *summed],
        "filter": _filter(spec, prefix),
        "format": "Summary",
        "groupingsDown": [_grouping(given, prefix) for given in spec["group"]],
        "name": spec["label"],
        "reportType": f"{spec['type']}__c" if base else spec["type"],
        "scope": "organization",
        "showDetails": True,
    }
    return body if base else {**body, **_of_activities(spec)}


def _of_activities(spec: Spec) -> Body:
    """Salesforce's own report type asks for a time frame, and whether closed tasks count (`te`: tasks and events)."""
    return {
        "params": [{"name": "open", "value": spec["open"]}, {"name": "type", "value": "te"}],
        "timeFrameFilter": {"dateColumn": "DUE_DATE", "interval": "INTERVAL_CUSTOM"},
    }


def _grouping(given: Spec, prefix: str) -> Body:
    return {"dateGranularity": given.get("grain", "Day"), "field": prefix + given["by"], "sortOrder": "Asc"}


def _filter(spec: Spec, prefix: str) -> Body:
    items = [_item(given, prefix) for given in spec["where"]]
    either = (
        {"booleanFilter": " OR ".join(str(n) for n in range(1, len(items) + 1))} if spec.get("any") else {}
    )
    return {**either, "criteriaItems": items}


def _item(given: Spec, prefix: str) -> Body:
    value = {"value": given["value"]} if given["value"] else {}  # without one it means empty
    named = {"column": prefix + given["field"], "columnToColumn": False, "isUnlocked": True}
    return {**named, "operator": given["operator"], **value}


def _dashboard(spec: Spec, folder: str) -> Body:
    """Everybody sees what they may see: it runs as whoever looks at it, so that it names no user."""
    sections = {
        f"{side}Section": {"columnSize": "Medium", "components": _charts(spec[side], folder)}
        for side in _SIDES
    }
    return {
        **_COLOURS,
        "dashboardType": "LoggedInUser",
        "description": spec["description"],
        "title": spec["title"],
        **sections,
    }


def _charts(given: Sequence[Spec], folder: str) -> list[Body]:
    return [
        {**_CHART, "componentType": g["chart"], "header": g["header"], "report": f"{folder}/{g['report']}"}
        for g in given
    ]
