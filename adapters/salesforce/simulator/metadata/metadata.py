"""The Metadata API over SOAP: components are created, read, changed, renamed and deleted one by one.

Salesforce takes ten components of one type a call, and answers one result each. Deploying and retrieving zip files
is not simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from cs_connector.sandbox.ledger import Ledger

from ..errors import RecordError
from ..ids import make_id
from ..schema.permissions import Permissions
from ..state import State
from ..times import stamp
from .metadata_kept import Components, Kept, Rules
from .metadata_members import RecordTypes, ValidationRules
from .metadata_objects import CustomFields, CustomObjects, Objects
from .metadata_permissions import PermissionSets
from .metadata_reports import Dashboards, Folders, Reports, ReportTypes
from .metadata_views import CompactLayouts, CustomTabs, ListViews
from .soap import Fault, Way
from .soap_xml import NIL, Call, Part, as_part

T = TypeVar("T")
MOST = 10
MOST_QUERIES = 3
FILES = {
    "CustomObject": ("objects", "object"), "CustomTab": ("tabs", "tab"), "Dashboard": ("dashboards", "dashboard"),
    "PermissionSet": ("permissionsets", "permissionset"), "Report": ("reports", "report"),
    "ReportType": ("reportTypes", "reportType"),
}  # fmt: skip
IN_FOLDERS = frozenset({"Dashboard", "Report"})
FOLDERS = {f"{kind}Folder": kind for kind in IN_FOLDERS}


class Kind(Protocol):
    """One type of component; every method raises RecordError for what Salesforce would refuse."""

    kind: str

    def create(self, part: Part) -> None: ...

    def update(self, part: Part) -> None: ...

    def delete(self, full_name: str) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def read(self, full_name: str) -> Mapping[str, Any] | None: ...

    def names(self) -> Iterable[str]: ...


class Metadata:
    """The service behind /services/Soap/m."""

    def __init__(self, name: str, state: State, permissions: Permissions, ledger: Ledger) -> None:
        self._name, self._state, self._ledger = name, state, ledger
        self.components = Components()
        objects = Objects(state, permissions, self.components)
        members = CustomFields(objects)
        kinds: list[Kind] = [
            members,
            CustomObjects(objects, members),
            RecordTypes(objects),
            ValidationRules(objects),
            PermissionSets(objects),
            *(Kept(r, partial(self.components.of, r.kind)) for r in _rules(objects, self.components)),
        ]
        self._kinds = {kind.kind: kind for kind in kinds}
        self.open: Mapping[str, Callable[[Call, int], Any]] = {}
        self.ways: Mapping[str, Way] = {
            "createMetadata": self._create,
            "updateMetadata": self._update,
            "upsertMetadata": self._upsert,
            "deleteMetadata": self._delete,
            "renameMetadata": self._rename,
            "readMetadata": self._read,
            "listMetadata": self._list,
            "describeMetadata": self._describe,
        }

    def furnish(self, kind: str, full_name: str, body: Mapping[str, Any]) -> None:
        """A component that was there before anybody asked: in no ledger. Raises RecordError."""
        found = self._kind(kind)
        if found.read(full_name) is None:
            found.create(as_part(kind, {"fullName": full_name, **body}))

    def _create(self, call: Call) -> Any:
        return [self._saved(p, "create", self._of(p).create) for p in _limited(call.body.parts("metadata"))]

    def _update(self, call: Call) -> Any:
        return [self._saved(p, "update", self._of(p).update) for p in _limited(call.body.parts("metadata"))]

    def _upsert(self, call: Call) -> Any:
        return [self._upserted(p) for p in _limited(call.body.parts("metadata"))]

    def _upserted(self, part: Part) -> Mapping[str, Any]:
        kind = self._of(part)
        new = kind.read(part.text("fullName") or "") is None
        saved = self._saved(part, "create", kind.create) if new else self._saved(part, "update", kind.update)
        return {"created": new and saved["success"], **saved}

    def _saved(self, part: Part, action: str, save: Callable[[Part], None]) -> Mapping[str, Any]:
        full_name = part.text("fullName") or ""
        return self._done(self._of(part), full_name, full_name, action, lambda: save(part))

    def _delete(self, call: Call) -> Any:
        kind = self._kind(call.body.text("type") or "")
        names = _limited(call.body.texts("fullNames"))
        return [self._done(kind, n, n, "delete", lambda n=n: kind.delete(n)) for n in names]  # type: ignore[misc]

    def _rename(self, call: Call) -> Any:
        kind = self._kind(call.body.text("type") or "")
        old, new = call.body.text("oldFullName") or "", call.body.text("newFullName") or ""
        return self._done(kind, old, new, "update", lambda: kind.rename(old, new))

    def _done(
        self, kind: Kind, old: str, new: str, action: str, act: Callable[[], None]
    ) -> Mapping[str, Any]:
        """Do it, write it into the ledger, and say how it went."""
        before = kind.read(old)
        try:
            act()
        except RecordError as bad:
            errors = {"fields": bad.fields, "message": bad.message, "statusCode": bad.code}
            return {"errors": errors, "fullName": new, "success": False}
        self._ledger.write(self._name, kind.kind, new, action, before, kind.read(new))
        return {"fullName": new, "success": True}

    def _read(self, call: Call) -> Any:
        kind = self._kind(call.body.text("type") or "")
        return {"records": [kind.read(n) or NIL for n in _limited(call.body.texts("fullNames"))]}

    def _list(self, call: Call) -> Any:
        queries = call.body.parts("queries")
        if len(queries) > MOST_QUERIES:
            raise Fault(
                "EXCEEDED_ID_LIMIT", f"cannot submit more than {MOST_QUERIES} queries in this operation"
            )
        return [
            self._file(kind, n)
            for q in queries
            for kind in [self._kind(q.text("type") or "")]
            for n in sorted(kind.names())
            if _in_folder(n, q.text("folder"))
        ]

    def _file(self, kind: Kind, full_name: str) -> Mapping[str, Any]:
        folder, suffix = FILES.get(FOLDERS.get(kind.kind, kind.kind), FILES["CustomObject"])
        user, now = self._state.user_id, f"{stamp(self._state.now())[:-5]}Z"
        return {
            "createdById": user, "createdByName": "CS Connector", "createdDate": now,
            "fileName": f"{folder}/{full_name.partition('.')[0]}.{suffix}", "fullName": full_name,
            "id": make_id("00N", sum(map(ord, full_name))), "lastModifiedById": user,
            "lastModifiedByName": "CS Connector", "lastModifiedDate": now, "manageableState": "unmanaged",
            "namespacePrefix": "", "type": kind.kind,
        }  # fmt: skip

    def _describe(self, _call: Call) -> Any:
        inside = [name for name in self._kinds if name not in FILES and name not in FOLDERS]
        objects = [
            {
                "childXmlNames": inside if name == "CustomObject" else None, "directoryName": folder,
                "inFolder": name in IN_FOLDERS, "metaFile": False, "suffix": suffix, "xmlName": name,
            }
            for name, (folder, suffix) in FILES.items()
        ]  # fmt: skip
        return {
            "metadataObjects": objects,
            "organizationNamespace": "",
            "partialSaveAllowed": True,
            "testRequired": False,
        }

    def _of(self, part: Part) -> Kind:
        return self._kind(part.kind)

    def _kind(self, name: str) -> Kind:
        found = self._kinds.get(name)
        if found is None:
            raise Fault(
                "INVALID_TYPE", f"The metadata type {name or 'of this component'} is not simulated.", 501
            )
        return found


def _rules(objects: Objects, components: Components) -> list[Rules]:
    return [
        ListViews(objects),
        CompactLayouts(objects),
        CustomTabs(objects),
        ReportTypes(objects, components),
        Folders("Report", components),
        Reports(objects, components),
        Folders("Dashboard", components),
        Dashboards(components),
    ]


def _in_folder(full_name: str, folder: str | None) -> bool:
    return folder is None or full_name.startswith(f"{folder}/")


def _limited(given: list[T]) -> list[T]:
    """Raises Fault for more than a call may hold."""
    if len(given) > MOST:
        message = f"record limit reached. cannot submit more than {MOST} records in this operation"
        raise Fault("EXCEEDED_ID_LIMIT", message)
    return given
