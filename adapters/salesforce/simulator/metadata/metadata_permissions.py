"""PermissionSet: a component of the Metadata API whose parts are records of FieldPermissions and ObjectPermissions."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema.permission_rules import check_reading, check_rights
from ..schema.permissions import set_row
from ..schema.schema import Field, ObjectType
from ..writing.rows import Row
from .metadata_errors import beyond, duplicate, lacking, misfit, unknown
from .metadata_kept import Body, listed, plain
from .metadata_objects import Objects, Shown
from .soap_xml import Part

RIGHTS = {
    "allowCreate": "PermissionsCreate", "allowDelete": "PermissionsDelete", "allowEdit": "PermissionsEdit",
    "allowRead": "PermissionsRead", "modifyAllRecords": "PermissionsModifyAllRecords",
    "viewAllFields": "PermissionsViewAllFields", "viewAllRecords": "PermissionsViewAllRecords",
}  # fmt: skip
KEPT = ("tabSettings", "userPermissions")
VISIBILITIES = {"None", "Available", "Visible"}
USER_PERMISSIONS = {
    "ActivitiesAccess", "ApiEnabled", "EditEvent", "EditTask", "LightningExperienceUser", "ManageDashbdsInPubFolders",
    "ManageReportsInPubFolders", "RunReports", "ViewAllUsers", "ViewRoles", "ViewSetup", "ExportReport", "ViewHelpLink",
    "ViewPublicReports", "ViewPublicDashboards", "ModifyAllData", "ViewAllData", "ModifyMetadata", "CustomizeApplication",
}  # fmt: skip
UNSIMULATED = (
    "classAccesses", "customMetadataTypeAccesses", "customPermissions", "customSettingAccesses", "flowAccesses",
    "externalDataSourceAccesses", "externalCredentialPrincipalAccesses", "pageAccesses",
)  # fmt: skip


class PermissionSets:
    kind = "PermissionSet"

    def __init__(self, objects: Objects) -> None:
        self._o, self._permissions = objects, objects.permissions

    def create(self, part: Part) -> None:
        name = part.text("fullName") or ""
        if self._permissions.set_named(name):
            raise duplicate(f"A permission set named {name} already exists.")
        contents = self._contents(part)
        kept = self._kept(part)
        parent = self._permissions.add("PermissionSet", set_row(name, _label(part), part.text("description")))
        self._fill(parent, contents)
        self._shelf()[name.lower()] = (name, kept)

    def update(self, part: Part) -> None:
        """The parts given replace those that were there, as from API 40.0 on."""
        name = part.text("fullName") or ""
        held = self._permissions.set_named(name)
        if held is None:
            raise unknown(self.kind, name)
        contents, kept = self._contents(part), self._kept(part)
        table = self._o.state.rows.of(self._o.state.schema.objects["permissionset"])
        table.put(held["Id"], {**held, "Label": _label(part), "Description": part.text("description")})
        self._empty(held["Id"])
        self._fill(held["Id"], contents)
        self._shelf()[name.lower()] = (held["Name"], kept)

    def delete(self, full_name: str) -> None:
        held = self._permissions.set_named(full_name)
        if held is None:
            raise unknown(self.kind, full_name)
        assigned = self._permissions.assignments(held["Id"])
        if assigned:
            raise misfit(
                f"The permission set {full_name} is assigned to users; remove the assignments first."
            )
        self._empty(held["Id"])
        self._permissions.take_away("PermissionSet", held["Id"])
        self._shelf().pop(full_name.lower(), None)
        self._permissions.settle()

    def rename(self, _old: str, _new: str) -> None:
        raise beyond("Renaming a permission set")

    def read(self, full_name: str) -> Shown | None:
        held = self._permissions.set_named(full_name)
        if held is None:
            return None
        return {
            "@type": self.kind,
            "fullName": held["Name"],
            "description": held.get("Description"),
            "fieldPermissions": [
                {
                    "editable": bool(r.get("PermissionsEdit")),
                    "field": r["Field"],
                    "readable": bool(r.get("PermissionsRead")),
                }
                for r in self._permissions.of_set("FieldPermissions", held["Id"])
            ],
            "hasActivationRequired": False,
            "label": held["Label"],
            "objectPermissions": [
                {right: bool(r.get(flag)) for right, flag in RIGHTS.items()} | {"object": r["SobjectType"]}
                for r in self._permissions.of_set("ObjectPermissions", held["Id"])
            ],
            **self._shelf().get(full_name.lower(), ("", {}))[1],
        }

    def names(self) -> Iterable[str]:
        return [r["Name"] for r in self._permissions.sets()]

    def _contents(self, part: Part) -> list[tuple[str, Row]]:
        """The records that a component stands for, still without their permission set. Raises RecordError."""
        for name in UNSIMULATED:
            if part.parts(name):
                raise beyond(f"The {name} of a permission set")
        rows = [("ObjectPermissions", self._object(p)) for p in part.parts("objectPermissions")]
        return rows + [
            ("FieldPermissions", r) for p in part.parts("fieldPermissions") for r in self._fields(p)
        ]

    def _shelf(self) -> dict[str, tuple[str, Body]]:
        """What of permission sets is no record."""
        return self._o.components.of(self.kind)

    def _kept(self, part: Part) -> Body:
        """Raises RecordError."""
        found: Body = {name: [plain(p) for p in part.parts(name)] for name in KEPT}
        for given in found["userPermissions"]:
            if given.get("name") not in USER_PERMISSIONS:
                raise misfit(f"Unknown user permission: {given.get('name')}")
        for given in found["tabSettings"]:
            self._check_tab(given)
        return {name: parts for name, parts in found.items() if listed(parts)}

    def _check_tab(self, given: Body) -> None:
        tab = str(given.get("tab") or "")
        if not tab.startswith("standard-") and tab.lower() not in self._o.components.of("CustomTab"):
            raise unknown("CustomTab", tab, "tab")
        if given.get("visibility") not in VISIBILITIES:
            raise misfit(
                f"'{given.get('visibility')}' is not a valid value for the enum 'PermissionSetTabVisibility'"
            )

    def _object(self, part: Part) -> Row:
        name = part.text("object") or ""
        obj = self._o.get(name)
        if obj is None:
            raise unknown("CustomObject", name, "object")
        row: Row = {"SobjectType": obj.name} | {flag: part.flag(right) for right, flag in RIGHTS.items()}
        check_rights(obj.name, row)
        return row

    def _fields(self, part: Part) -> Iterable[Row]:
        """One row, or two for a field of Activity."""
        full_name = part.text("field") or ""
        if "." not in full_name:
            raise lacking("field")
        check_reading(full_name, read=part.text("readable") != "false", edit=part.flag("editable"))
        bearers, name = self._o.bearers(full_name)
        return [self._field(obj, name, part) for obj in bearers]

    def _field(self, obj: ObjectType, name: str, part: Part) -> Row:
        field = obj.fields.get(name.lower())
        if field is None:
            raise unknown("CustomField", f"{obj.name}.{name}", "field")
        if field.required or field.name_field:
            raise misfit(f"You cannot deploy to a required field: {obj.name}.{field.name}")
        return _row(obj, field, part)

    def _fill(self, parent: str, contents: list[tuple[str, Row]]) -> None:
        for kind, row in contents:
            self._permissions.add(kind, {"ParentId": parent, **row})
        self._permissions.settle()

    def _empty(self, parent: str) -> None:
        for kind in ("FieldPermissions", "ObjectPermissions"):
            for row in self._permissions.of_set(kind, parent):
                self._permissions.take_away(kind, row["Id"])


def _label(part: Part) -> str:
    label = part.text("label")
    if label is None:
        raise lacking("label")
    return label


def _row(obj: ObjectType, field: Field, part: Part) -> Row:
    edit = part.flag("editable")
    read = edit or part.text("readable") != "false"
    named: Row = {"SobjectType": obj.name, "Field": f"{obj.name}.{field.name}"}
    return {**named, "PermissionsRead": read, "PermissionsEdit": edit and field.settable}
