"""ReportType, folders, Report and Dashboard: what they refuse.

Only what reports name is checked: report types, columns, folders. Nothing here runs a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import RecordError
from ..schema.schema import ObjectType
from .metadata_errors import duplicate, in_use, misfit, unknown
from .metadata_kept import Body, Components, listed
from .metadata_objects import Objects

FORMATS = {"MultiBlock", "Matrix", "Summary", "Tabular"}
MOST_GROUPINGS = 3
ACTIVITY = "Activity"
ACTIVITY_WORDS = {
    "ACCOUNT", "ASSIGNED", "CLOSED", "COMPLETED_DATE", "CREATED_DATE", "DESCRIPTION", "DUE_DATE", "PRIORITY", "STATUS",
    "SUBJECT", "TASK", "WHO_NAME",
}  # fmt: skip


class ReportTypes:
    kind = "ReportType"
    needs: tuple[str, ...] = ("baseObject", "category", "label")

    def __init__(self, objects: Objects, components: Components) -> None:
        self._o, self._kept = objects, components

    def taken(self, full_name: str) -> Exception:
        return duplicate(f"The report type name {full_name} is already in use.")

    def used_by(self, full_name: str) -> Exception | None:
        wanted = f"{full_name}__c".lower()
        users = [n for n, b in self._kept.of("Report").values() if str(b.get("reportType")).lower() == wanted]
        return in_use(full_name, f"Report - {users[0]}") if users else None

    def check(self, _full_name: str, body: Body) -> None:
        base = self._o.get(body["baseObject"])
        if base is None:
            raise unknown("CustomObject", body["baseObject"], "baseObject")
        for section in listed(body.get("sections")):
            for column in listed(section.get("columns")):
                self._check_column(column)

    def _check_column(self, column: Body) -> None:
        table = self._o.get(column.get("table") or "")
        if table is None:
            raise unknown("CustomObject", str(column.get("table")), "table")
        if not _bears(table, column.get("field") or ""):
            raise unknown("CustomField", f"{table.name}.{column.get('field')}", "field")


def _bears(obj: ObjectType, name: str) -> bool:
    """Whether an object has a field of this name; a standard reference goes by its relationship, as Owner."""
    relations = {(f.relationship or "").lower() for f in obj.fields.values() if not f.custom}
    return name.lower() in obj.fields or name.lower() in relations


class Folders:
    needs: tuple[str, ...] = ("name",)

    def __init__(self, inside: str, components: Components) -> None:
        self.kind, self._inside, self._kept = f"{inside}Folder", inside, components

    def taken(self, full_name: str) -> Exception:
        return duplicate(f"The folder name {full_name} is already in use.")

    def used_by(self, full_name: str) -> Exception | None:
        start = f"{full_name.lower()}/"
        held = [n for key, (n, _) in self._kept.of(self._inside).items() if key.startswith(start)]
        return misfit(f"The folder {full_name} is not empty: {held[0]}") if held else None

    def check(self, full_name: str, _body: Body) -> None:
        if "/" in full_name:
            raise RecordError("FUNCTIONALITY_NOT_ENABLED", "A folder inside another is not simulated.")


def _check_folder(components: Components, kind: str, full_name: str) -> None:
    folder, _, name = full_name.partition("/")
    if not name:
        raise misfit(f"The full name '{full_name}' must be of the form Folder/{kind}")
    if folder.lower() not in components.of(f"{kind}Folder"):
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", f"Cannot find folder:{folder}")


class Reports:
    kind = "Report"
    needs: tuple[str, ...] = ("format", "name", "reportType")

    def __init__(self, objects: Objects, components: Components) -> None:
        self._o, self._kept = objects, components

    def taken(self, _full_name: str) -> Exception:
        return duplicate("The Report Unique Name is already in use.")

    def used_by(self, full_name: str) -> Exception | None:
        for name, body in self._kept.of("Dashboard").values():
            if full_name.lower() in {r.lower() for r in sources(body)}:
                return in_use(full_name, f"Dashboard - {name}")
        return None

    def check(self, full_name: str, body: Body) -> None:
        _check_folder(self._kept, self.kind, full_name)
        if body["format"] not in FORMATS:
            raise misfit(f"'{body['format']}' is not a valid value for the enum 'ReportFormat'")
        if len(listed(body.get("groupingsDown"))) > MOST_GROUPINGS:
            raise misfit(f"A report can be grouped by at most {MOST_GROUPINGS} fields down")
        if body["format"] == "Summary" and not listed(body.get("groupingsDown")):
            raise misfit("A summary report needs at least one grouping")
        for name in _named(body):
            self._check_column(body["reportType"], name)

    def _check_column(self, report_type: str, name: str) -> None:
        if report_type == ACTIVITY:
            self._check_activity(name)
            return
        held = self._kept.of("ReportType").get(report_type.removesuffix("__c").lower())
        if held is None or not report_type.endswith("__c"):
            raise misfit(f"Invalid report type: {report_type}")
        inside = {
            f"{c['table']}${c['field']}".lower()
            for section in listed(held[1].get("sections"))
            for c in listed(section.get("columns"))
        }
        if name.lower() not in inside:
            raise misfit(f"Invalid field name: {name}")

    def _check_activity(self, name: str) -> None:
        owner, _, field = name.partition(".")
        task = self._o.state.schema.objects["task"]
        if name not in ACTIVITY_WORDS and not (owner == ACTIVITY and field.lower() in task.fields):
            raise misfit(f"Invalid field name: {name}")


def _named(body: Body) -> Iterator[str]:
    """Every column that a report shows, groups or filters by."""
    for element in ("columns", "groupingsDown", "groupingsAcross"):
        yield from (c.get("field") or "" for c in listed(body.get(element)))
    filters = body.get("filter") or {}
    yield from (c.get("column") or "" for c in listed(filters.get("criteriaItems")))


class Dashboards:
    kind = "Dashboard"
    needs: tuple[str, ...] = ("title", "backgroundEndColor", "backgroundFadeDirection", "backgroundStartColor", "textColor", "titleColor", "titleSize")  # fmt: skip

    def __init__(self, components: Components) -> None:
        self._kept = components

    def taken(self, _full_name: str) -> Exception:
        return duplicate("The Dashboard Unique Name is already in use.")

    def used_by(self, _full_name: str) -> None:
        return None

    def check(self, full_name: str, body: Body) -> None:
        _check_folder(self._kept, self.kind, full_name)
        if body.get("dashboardType") != "LoggedInUser" and not body.get("runningUser"):
            raise misfit("A dashboard of type SpecifiedUser needs a runningUser")
        for report in sources(body):
            if report.lower() not in self._kept.of("Report"):
                raise unknown("Report", report, "report")


def sources(body: Body) -> list[str]:
    """The reports that a dashboard shows."""
    sections: list[Any] = [body.get(f"{side}Section") or {} for side in ("left", "middle", "right")]
    components = [c for section in sections for c in listed(section.get("components"))]
    return [c["report"] for c in components if c.get("report")]
