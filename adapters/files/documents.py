"""Documents: their properties, never their text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cs_connector.ports import RawRecord

from .records import Maker

COLUMNS = ("path", "folder", "name", "kind", "bytes", "modified_at", "title", "author", "created_at", "pages")
_OFFICE = frozenset({".docx", ".xlsx", ".pptx", ".odt"})
_CORE = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "author": "{http://purl.org/dc/elements/1.1/}creator",
    "created_at": "{http://purl.org/dc/terms/}created",
}
_MOST_XML = 1_000_000


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
        yield 1, maker.bad(f"the document is damaged ({type(error).__name__})", 1)
        return
    record = maker.good({**plain, "bytes": told.st_size, "modified_at": modified, **own}, None, 1)
    yield 1, record._replace(modified_at=record.modified_at or modified)


def _own(path: Path) -> dict[str, Any]:
    empty: dict[str, Any] = {"title": None, "author": None, "created_at": None, "pages": None}
    if path.suffix.lower() == ".pdf":
        return empty | _of_pdf(path)
    if path.suffix.lower() in _OFFICE:
        return empty | _of_office(path)
    return empty


def _of_office(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as box:
        names = {info.filename: info for info in box.infolist()}
        core = names.get("docProps/core.xml")
        if core is None:
            return {}
        if core.file_size > _MOST_XML:
            raise ValueError("the properties are too large")
        text = box.read(core)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("properties with entities are not read")
    root = ET.fromstring(text)  # noqa: S314 — without a document type there is nothing to expand
    return {name: (root.findtext(tag) or "").strip() or None for name, tag in _CORE.items()}


def _of_pdf(path: Path) -> dict[str, Any]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    about, pages = reader.metadata, len(reader.pages)
    created = about.creation_date if about else None
    title, author = (about.title, about.author) if about else (None, None)
    return {
        "title": str(title) if title else None,
        "author": str(author) if author else None,
        "created_at": created.isoformat() if created else None,
        "pages": pages,
    }
