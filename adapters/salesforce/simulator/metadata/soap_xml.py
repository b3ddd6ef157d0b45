"""SOAP envelopes: read strictly, written from plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, fromstring
from xml.sax.saxutils import escape, quoteattr

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FAULTS = "urn:fault.partner.soap.sforce.com"
UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NIL = object()
"""Written as an element that is there and says that it has no value."""


class BadXml(ValueError):
    """The body is no SOAP envelope, or declares entities."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element, asked by the local names of its children."""

    element: Element

    @property
    def name(self) -> str:
        return local(self.element.tag)

    @property
    def kind(self) -> str:
        """The local name of its xsi:type, or nothing."""
        return local(self.element.get(f"{{{XSI}}}type", "").replace(":", "}"))

    @property
    def nil(self) -> bool:
        return self.element.get(f"{{{XSI}}}nil") in {"true", "1"}

    def __iter__(self) -> Iterator[Part]:
        return (Part(child) for child in self.element)

    def parts(self, name: str) -> list[Part]:
        return [p for p in self if p.name == name and not p.nil]

    def part(self, name: str) -> Part | None:
        return next(iter(self.parts(name)), None)

    @property
    def value(self) -> str:
        return (self.element.text or "").strip()

    def text(self, name: str) -> str | None:
        """The text of a child, or None where it is not there, nil or empty."""
        found = self.part(name)
        return found.value or None if found else None

    def texts(self, name: str) -> list[str]:
        return [p.value for p in self.parts(name)]

    def flag(self, name: str) -> bool:
        return self.text(name) in {"true", "1"}


@dataclass(frozen=True, slots=True)
class Call:
    """The operation that an envelope asks for."""

    operation: str
    body: Part
    headers: Mapping[str, Part]

    @property
    def session(self) -> str:
        header = self.headers.get("SessionHeader")
        return (header.text("sessionId") if header else None) or ""


class _Plain(TreeBuilder):
    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise BadXml("DOCTYPE is not allowed")


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def read(body: bytes) -> Call:
    """The call in an envelope. Raises BadXml."""
    try:
        root = fromstring(body, XMLParser(target=_Plain()))  # noqa: S314 — without a DOCTYPE there are no entities
    except ParseError as error:
        raise BadXml(str(error)) from None
    parts = {p.name: p for p in Part(root)}
    if root.tag != f"{{{ENVELOPE}}}Envelope" or "Body" not in parts:
        raise BadXml("a SOAP envelope with a body is expected")
    operation = next(iter(parts["Body"]), None)
    if operation is None:
        raise BadXml("the body of the envelope is empty")
    headers = {p.name: p for p in parts["Header"]} if "Header" in parts else {}
    return Call(operation.name, operation, headers)


def write(name: str, value: Any) -> str:
    """An element: a mapping gives children (`@type` an xsi:type), a list the element again and again, None nothing."""
    if value is None:
        return ""
    if value is NIL:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, (list, tuple)):
        return "".join(write(name, one) for one in value)
    if isinstance(value, Mapping):
        kind = f" xsi:type={quoteattr(value['@type'])}" if "@type" in value else ""
        inside = "".join(write(key, one) for key, one in value.items() if key != "@type")
        return f"<{name}{kind}>{inside}</{name}>"
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return f"<{name}>{_said(text)}</{name}>"


def _said(text: str) -> str:
    """A text as XML can hold it."""
    return escape(UNSAYABLE.sub("\ufffd", text))


def as_part(name: str, value: Any) -> Part:
    """An element as it would have come in a call, of plain values."""
    root = Element(name)
    _fill(root, value)
    return Part(root)


def _fill(element: Element, value: Any) -> None:
    if not isinstance(value, Mapping):
        element.text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        return
    for key, one in value.items():
        for each in one if isinstance(one, (list, tuple)) else [one]:
            _fill(SubElement(element, key), each)


def answer(namespace: str, operation: str, result: Any, header: str = "") -> bytes:
    """The envelope that answers an operation."""
    inside = write("result", result)
    return _envelope(
        namespace, f"{header}<soapenv:Body><{operation}Response>{inside}</{operation}Response></soapenv:Body>"
    )


def fault(namespace: str, code: str, message: str) -> bytes:
    """The envelope that refuses a call."""
    said = _said(message)
    detail = (
        f'<detail><sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{said}</sf:exceptionMessage></sf:UnexpectedErrorFault></detail>"
    )
    stated = f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {said}</faultstring>{detail}"
    return _envelope(namespace, f"<soapenv:Body><soapenv:Fault>{stated}</soapenv:Fault></soapenv:Body>")


def _envelope(namespace: str, inside: str) -> bytes:
    spaces = f'xmlns:soapenv="{ENVELOPE}" xmlns="{namespace}" xmlns:xsi="{XSI}" xmlns:sf="{FAULTS}"'
    return f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope {spaces}>{inside}</soapenv:Envelope>'.encode()
