"""The same pieces as a source package, for admins who deploy by the Salesforce CLI: `make sfdx` writes it.

One folder for core and all our fields, one for what builds on them. Elements stand in the order of their names, as the
CLI writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any
from xml.sax.saxutils import escape

from cs_connector.ports import Piece

from .access import ASSIGNMENT
from .declaration import REPORTS, parts
from .face import face

PLACE = Path(__file__).parent.with_name("sfdx")
API_VERSION = "67.0"
MAIN, EXTRA = "force-app", "reports-app"
_SPACE = "http://soap.sforce.com/2006/04/metadata"
_INSIDE = {"CustomField": ("fields", "field"), "ListView": ("listViews", "listView"), "CompactLayout": ("compactLayouts", "compactLayout")}  # fmt: skip
_ALONE = {
    "CustomTab": ("tabs", "tab"), "PermissionSet": ("permissionsets", "permissionset"), "ReportType": ("reportTypes", "reportType"),
    "ReportFolder": ("reports", "reportFolder"), "Report": ("reports", "report"),
    "DashboardFolder": ("dashboards", "dashboardFolder"), "Dashboard": ("dashboards", "dashboard"),
}  # fmt: skip


def files() -> Mapping[str, str]:
    """Every file of the package, by its path. An assignment is a record, and records are not metadata."""
    pieces = [piece for piece in face(parts()) if piece.kind != ASSIGNMENT]
    return {"sfdx-project.json": _project()} | {path_of(piece): source(piece) for piece in pieces}


def write(place: Path = PLACE) -> Sequence[Path]:
    """Write the package anew, and nothing else below its folders; the files written."""
    for name in (MAIN, EXTRA):
        rmtree(place / name, ignore_errors=True)
    written = []
    for name, text in sorted(files().items()):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def path_of(piece: Piece) -> str:
    """Where source of this kind and name lies (vendor: Salesforce DX project structure)."""
    root = f"{EXTRA if piece.part == REPORTS else MAIN}/main/default"
    if piece.kind == "CustomObject":
        return f"{root}/objects/{piece.name}/{piece.name}.object-meta.xml"
    if piece.kind in _INSIDE:
        folder, suffix = _INSIDE[piece.kind]
        owner, _, name = piece.name.partition(".")
        return f"{root}/objects/{owner}/{folder}/{name}.{suffix}-meta.xml"
    folder, suffix = _ALONE[piece.kind]
    return f"{root}/{folder}/{piece.name}.{suffix}-meta.xml"


def source(piece: Piece) -> str:
    """A piece as its file; what lies inside an object bears its own name."""
    named = {"fullName": piece.name.rpartition(".")[2]} if piece.kind in _INSIDE else {}
    inside = "\n".join(_elements({**named, **piece.body}, 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{piece.kind} xmlns="{_SPACE}">\n{inside}\n</{piece.kind}>\n'


def _elements(body: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name, value in sorted(body.items()):
        for one in value if isinstance(value, list) else [value]:
            yield from _element(name, one, depth)


def _element(name: str, value: Any, depth: int) -> Iterator[str]:
    indent = "    " * depth
    if isinstance(value, Mapping):
        yield f"{indent}<{name}>"
        yield from _elements(value, depth + 1)
        yield f"{indent}</{name}>"
        return
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    yield f"{indent}<{name}>{escape(text)}</{name}>"


def _project() -> str:
    folders = [{"default": True, "path": MAIN}, {"default": False, "path": EXTRA}]
    settings = {
        "name": "cs-connector",
        "namespace": "",
        "packageDirectories": folders,
        "sourceApiVersion": API_VERSION,
    }
    return json.dumps(settings, indent=2) + "\n"


if __name__ == "__main__":
    write()
