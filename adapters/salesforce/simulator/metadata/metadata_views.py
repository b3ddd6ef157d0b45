"""ListView, CompactLayout and CustomTab: what they refuse."""

from __future__ import annotations

import re

from ..errors import RecordError
from ..schema.schema import Field, ObjectType
from .metadata_errors import duplicate, misfit, unknown
from .metadata_kept import Body, listed, owner_of
from .metadata_objects import Objects

MOST_COLUMNS, MOST_FILTERS, MOST_SHOWN = 15, 10, 10
SCOPES = {
    "Everything", "Mine", "Queue", "Delegated", "MyTerritory", "MyTeamTerritory", "Team", "SalesTeam", "AssignedToMe",
    "MineAndMyGroups", "ScopingRule",
}  # fmt: skip
OPERATIONS = {
    "equals", "notEqual", "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual", "contains", "notContain",
    "startsWith", "includes", "excludes", "within",
}  # fmt: skip
# Standard columns have words of their own in list views; a customer's fields go by their API name.
USER_WORDS = "CORE.USERS.ALIAS CORE.USERS.FIRST_NAME CORE.USERS.LAST_NAME CREATED_DATE CREATEDBY_USER LAST_UPDATE UPDATEDBY_USER"
WORDS = {
    "account": "ACCOUNT.NAME ACCOUNT.TYPE ACCOUNT.INDUSTRY ACCOUNT.PHONE1 ACCOUNT.URL ACCOUNT.SITE ACCOUNT.ACCOUNT_NUMBER "
    f"ACCOUNT.ADDRESS1_CITY ACCOUNT.ADDRESS1_STATE ACCOUNT.ADDRESS1_COUNTRY PARENT_NAME {USER_WORDS}",
    "task": f"SUBJECT WHO_NAME WHAT_NAME DUE_DATE STATUS PRIORITY IS_CLOSED TASK {USER_WORDS}",
    "contact": f"FULL_NAME CONTACT.FIRST_NAME CONTACT.LAST_NAME ACCOUNT.NAME CONTACT.EMAIL CONTACT.PHONE1 CONTACT.TITLE {USER_WORDS}",
    "opportunity": f"OPPORTUNITY.NAME ACCOUNT.NAME OPPORTUNITY.AMOUNT OPPORTUNITY.CLOSE_DATE OPPORTUNITY.STAGE_NAME {USER_WORDS}",
    "case": f"CASES.CASE_NUMBER CASES.SUBJECT CASES.STATUS CASES.PRIORITY CASES.CREATED_DATE {USER_WORDS}",
}  # fmt: skip
OWN_WORDS = f"NAME OBJECT_ID OWNER.ALIAS OWNER.FIRST_NAME OWNER.LAST_NAME {USER_WORDS}"
DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|[A-Z]+(_[A-Z]+)*(:\d+)?|(NEXT|LAST) \d+ [A-Z]+", re.IGNORECASE
)


class ListViews:
    kind = "ListView"
    needs: tuple[str, ...] = ("filterScope", "label")

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def taken(self, _full_name: str) -> Exception:
        return duplicate("This list view unique name is already in use.")

    def used_by(self, _full_name: str) -> None:
        return None

    def check(self, full_name: str, body: Body) -> None:
        owner, _ = owner_of(self._o, full_name)
        obj = self._o.state.schema.objects[owner.lower()]
        if body["filterScope"] not in SCOPES:
            raise misfit(f"'{body['filterScope']}' is not a valid value for the enum 'FilterScope'")
        columns, filters = listed(body.get("columns")), listed(body.get("filters"))
        if len(columns) > MOST_COLUMNS or len(filters) > MOST_FILTERS:
            raise RecordError(
                "LIMIT_EXCEEDED", f"A list view has at most {MOST_COLUMNS} columns and {MOST_FILTERS} filters"
            )
        for column in columns:
            _column(obj, column)
        for given in filters:
            _check_filter(obj, given)


def _column(obj: ObjectType, name: str) -> Field | None:
    """The field that a column shows; None for one of Salesforce's own words."""
    field = obj.fields.get(name.lower())
    if field is not None and field.custom:
        return field
    if name in WORDS.get(obj.name.lower(), OWN_WORDS if obj.custom else "").split():
        return None
    raise misfit(f"Could not resolve list view column: {name}")


def _check_filter(obj: ObjectType, given: Body) -> None:
    if given.get("operation") not in OPERATIONS:
        raise misfit(f"'{given.get('operation')}' is not a valid value for the enum 'FilterOperation'")
    field = _column(obj, given.get("field") or "")
    value = given.get("value") or ""
    if field is None or not value:
        return
    if field.type == "picklist" and (odd := [v for v in value.split(",") if v.strip() not in field.values]):
        raise misfit(f"Picklist value: {odd[0]} in picklist: {field.name} not found")
    if field.type in {"date", "datetime"} and not DATE.fullmatch(value):
        raise misfit(f"Invalid date: {value}")


class CompactLayouts:
    kind = "CompactLayout"
    needs: tuple[str, ...] = ("fields", "label")

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def taken(self, full_name: str) -> Exception:
        owner, _, name = full_name.partition(".")
        return duplicate(f"Duplicate Name: A Compact Layout named {name} already exists on {owner}.")

    def used_by(self, _full_name: str) -> None:
        return None

    def check(self, full_name: str, body: Body) -> None:
        owner, _ = owner_of(self._o, full_name)
        obj = self._o.state.schema.objects[owner.lower()]
        shown = listed(body["fields"])
        if len(shown) > MOST_SHOWN:
            raise misfit(f"A compact layout can have at most {MOST_SHOWN} fields")
        for name in shown:
            if name.lower() not in obj.fields:
                raise unknown("CustomField", f"{obj.name}.{name}", "fields")


class CustomTabs:
    kind = "CustomTab"
    needs: tuple[str, ...] = ("motif",)

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def taken(self, full_name: str) -> Exception:
        return duplicate(f"A tab already exists for {full_name}.")

    def used_by(self, _full_name: str) -> None:
        return None

    def check(self, full_name: str, body: Body) -> None:
        if body.get("customObject") != "true":
            raise RecordError("FUNCTIONALITY_NOT_ENABLED", "A tab of this kind is not simulated.")
        obj = self._o.get(full_name)
        if obj is None or not obj.custom:
            raise unknown("CustomObject", full_name, "customObject")
