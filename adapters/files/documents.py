"""Documents: their properties, never their text.

Office files hold them in docProps/core.xml and docProps/custom.xml (ECMA-376 part 2 and part 1, 22.3), PDF in the
information dictionary (ISO 32000, 14.3.3).
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cs_connector.ports import RawRecord

from .records import Maker

COLUMNS = (
    "path", "folder", "name", "kind", "bytes", "modified_at", "title", "author", "created_at", "changed_at", "category",
    "pages", "custom",
)  # fmt: skip
_OFFICE = frozenset({".docx", ".xlsx", ".pptx", ".odt"})
_CORE = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "author": "{http://purl.org/dc/elements/1.1/}creator",
    "created_at": "{http://purl.org/dc/terms/}created",
    "changed_at": "{http://purl.org/dc/terms/}modified",
    "category": "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}category",
}
_PROPERTY = "{http://schemas.openxmlformats.org/officeDocument/2006/custom-properties}property"
_OF_PDF = frozenset(
    {
        "/Title",
        "/Author",
        "/Subject",
        "/Keywords",
        "/Creator",
        "/Producer",
        "/CreationDate",
        "/ModDate",
        "/Trapped",
    }
)
_NONE = frozenset({"thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"})
_MOST_CUSTOM = 100  # properties of its own that are kept of one document
_MOST_XML = 1_000_000


def is_one(path: Path, pattern: str) -> bool:
    """Whether a person may have put it there, by its place below the root; what is in a bin is gone.

    What the pattern itself calls by such a name is meant.
    """
    meant = [part for part in Path(pattern).parts if _aside(part)]
    return not any(_aside(part) and not any(fnmatchcase(part, each) for each in meant) for part in path.parts)


def _aside(part: str) -> bool:
    return part.startswith((".", "~$")) or part.lower() in _NONE


def digest(path: Path) -> str:
    """Changes when a record would: nobody reads a folder of large documents to see that nothing happened."""
    told = path.stat()
    return f"{told.st_size}-{told.st_mtime_ns}"


def row(path: Path, maker: Maker) -> Iterator[tuple[int, RawRecord]]:
    """One record: where the file is, when it changed, and what it says of itself."""
    told = path.stat()
    modified = datetime.fromtimestamp(told.st_mtime, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    folder, _, name = maker.name.rpartition("/")
    plain = {
        "path": maker.name,
        "folder": folder or None,
        "name": name,
        "kind": path.suffix.lstrip(".").lower(),
    }
    try:
        own = _own(path)
    except Exception as error:  # noqa: BLE001 — the readers raise anything for a damaged file
        why = f"the document is damaged or locked ({type(error).__name__}): put it there again, whole and without a password"
        yield 1, maker.bad(why, 1)
        return
    named = {name: _clean(value) for name, value in own.items()}
    record = maker.good({**plain, "bytes": told.st_size, "modified_at": modified, **named}, None, 1)
    yield 1, record._replace(modified_at=record.modified_at or modified)


def _clean(value: Any) -> Any:
    """The same without the NULs with which many programs end a text."""
    if isinstance(value, dict):
        return {name.replace("\0", ""): _clean(each) for name, each in value.items()}
    return value.replace("\0", "") if isinstance(value, str) else value


def _own(path: Path) -> dict[str, Any]:
    empty = dict.fromkeys((*_CORE, "pages"), None) | {"custom": {}}
    if path.suffix.lower() == ".pdf":
        return empty | _of_pdf(path)
    if path.suffix.lower() in _OFFICE:
        return empty | _of_office(path)
    return empty


def _of_office(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as box:
        core, custom = (_tree(box, f"docProps/{part}.xml") for part in ("core", "custom"))
    found: dict[str, Any] = {}
    if core is not None:
        found = {name: (core.findtext(tag) or "").strip() or None for name, tag in _CORE.items()}
    if custom is not None:
        found["custom"] = dict(_properties(custom))
    return found


def _tree(box: zipfile.ZipFile, name: str) -> ET.Element | None:
    """A part of a document that tells of it; None where it has none. Raises ValueError for one that is not to be trusted."""
    part = {info.filename: info for info in box.infolist()}.get(name)
    if part is None:
        return None
    if part.file_size > _MOST_XML:
        raise ValueError("the properties are too large")
    text = box.read(part)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("properties with entities are not read")
    return ET.fromstring(text)  # noqa: S314 — without a document type there is nothing to expand


def _properties(tree: ET.Element) -> Iterator[tuple[str, str]]:
    """The properties that people or a document store gave it, whatever their types, as texts."""
    for found in islice(tree.iter(_PROPERTY), _MOST_CUSTOM):
        name, text = found.get("name"), "".join(found.itertext()).strip()
        if name and text:
            yield name, text


def _of_pdf(path: Path) -> dict[str, Any]:
    from pypdf import PdfReader

    # What is wrong with a document is told by its record.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = PdfReader(path)
    about, pages = reader.metadata, len(reader.pages)
    if about is None:
        return {"pages": pages}
    told = {"title": about.title, "author": about.author, "category": about.subject}
    dates = {"created_at": about.creation_date, "changed_at": about.modification_date}
    mine = islice(((str(n).lstrip("/"), str(v)) for n, v in about.items() if n not in _OF_PDF), _MOST_CUSTOM)
    return {
        **{name: str(value) if value else None for name, value in told.items()},
        **{name: value.isoformat() if value else None for name, value in dates.items()},
        "pages": pages,
        "custom": dict(mine),
    }
