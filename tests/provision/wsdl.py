"""Source files held against the WSDL of the Metadata API that comes with simple-salesforce (v63).

The API takes elements in any order and an XML schema does not, so they are put in its order first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import simple_salesforce
from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"


@cache
def _schema() -> Any:
    wsdl = etree.parse(Path(simple_salesforce.__file__).with_name("metadata.wsdl"))
    return next(s for s in wsdl.iter(f"{XS}schema") if s.get("targetNamespace") == SPACE[1:-1])


@cache
def _members(kind: str) -> dict[str, str]:
    """The elements of a type by name, in order, with their types; those that it inherits first."""
    found = _schema().find(f"{XS}complexType[@name='{kind}']")
    if found is None:
        return {}
    base = found.find(f".//{XS}extension")
    inherited = _members(base.get("base").rpartition(":")[2]) if base is not None else {}
    own = {e.get("name"): (e.get("type") or "").rpartition(":")[2] for e in found.iter(f"{XS}element")}
    return inherited | own


@cache
def _validator(kind: str) -> Any:
    schema = etree.fromstring(etree.tostring(_schema()))
    for element in schema.findall(f"{XS}element[@name='{kind}']"):
        schema.remove(element)
    etree.SubElement(schema, f"{XS}element", name=kind, type=f"tns:{kind}")
    return etree.XMLSchema(etree.ElementTree(schema))


def faults(text: str) -> list[str]:
    """What a file has that the API does not know: a type, an element, a value of an enumeration."""
    root = etree.fromstring(text.encode())
    kind = root.tag.removeprefix(SPACE)
    if not _members(kind):
        return [f"unknown metadata type {kind}"]
    _sort(root, kind)
    validator = _validator(kind)
    validator.validate(etree.fromstring(etree.tostring(root)))
    return [error.message.replace(SPACE, "") for error in validator.error_log]


def _sort(node: Any, kind: str) -> None:
    members = _members(kind)
    places = {name: n for n, name in enumerate(members)}
    children = sorted(node, key=lambda child: places.get(child.tag.removeprefix(SPACE), len(places)))
    for child in children:
        node.append(child)  # moves it
        _sort(child, members.get(child.tag.removeprefix(SPACE), ""))
