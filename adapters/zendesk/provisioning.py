"""Puts our fields into a Zendesk account, and takes them out again: one call a field, because Zendesk has no other way.

Only an admin may define fields. A key never changes, nor does a type, and the value of a dropdown becomes a tag. Fields of
tickets have no key: ours stands in brackets at the end of what agents read about the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from requests import Response
from ruamel.yaml import YAML

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import CORE, SIGNATURE, Piece, Receipt, Verdict
from cs_connector.transport import Transport, redact

from .discovery import defined
from .errors import problem

ADMIN = "only an admin may define fields: connect with the login of an admin, or let an admin run this"
_FIXED = frozenset({"type"})
_OPTIONS = "custom_field_options"
TICKET, _ABOUT = "ticket_field", "agent_description"
_KEY = re.compile(r" \((\w+)\)$")
Found = Mapping[str, Any]


@cache
def declared() -> Mapping[str, Any]:
    found: Mapping[str, Any] = YAML(typ="safe").load(
        files(__package__ or "").joinpath("install.yml").read_text("utf-8")
    )
    return found


def face(parts: Sequence[str]) -> list[Piece]:
    """Core and optional fields; a piece is called `organization_field cs_key`."""
    wanted = {CORE, *parts}
    pieces = [_piece(noun, told) for noun, listed in declared().items() for told in listed]
    return [piece for piece in pieces if piece.part in wanted]


def _piece(noun: str, told: Mapping[str, Any]) -> Piece:
    body = {name: value for name, value in told.items() if name not in {"key", "part", "signed"}}
    if told.get("signed"):
        body["description"] += SIGNATURE
    kind, key = noun.removesuffix("s"), told["key"]
    if kind == TICKET:
        body[_ABOUT] = f"{body.get(_ABOUT, body['title'])} ({key})"
    return Piece(kind, key, {**body, "active": True}, told.get("part", CORE))


def _key(kind: str, told: Found) -> str | None:
    if kind != TICKET:
        return told.get("key")
    found = _KEY.search(told.get(_ABOUT) or "")
    return found[1] if found else None


class Provisioner:
    """What is ours in one account."""

    def __init__(self, transport: Transport, host: str) -> None:
        self._transport, self._host = transport, host

    def present(self, pieces: Sequence[Piece]) -> list[Piece | None]:
        """Raises AdapterError for an account that does not answer."""
        there = self._there(pieces)
        return [_seen(piece, there.get(_name(piece))) for piece in pieces]

    def install(self, pieces: Sequence[Piece]) -> list[Receipt]:
        """One receipt each, in order. Raises AdapterError only while nothing was sent."""
        there = self._there(pieces)
        return [self._one(piece, there.get(_name(piece))) for piece in pieces]

    def remove(self, pieces: Sequence[Piece]) -> list[Receipt]:
        """Zendesk takes the values of a field with it."""
        there = self._there(pieces)
        return [self._gone(piece, there.get(_name(piece))) for piece in pieces]

    def _there(self, pieces: Sequence[Piece]) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for kind in dict.fromkeys(piece.kind for piece in pieces):
            for told in defined(self._transport, f"{self._at(kind)}.json", f"{kind}s"):
                if key := _key(kind, told):
                    found[f"{kind} {key}"] = told
        return found

    def _one(self, piece: Piece, found: Found | None) -> Receipt:
        url = self._at(piece.kind)
        try:
            if found is None:
                own = {} if piece.kind == TICKET else {"key": piece.name}
                answer = self._transport.post(f"{url}.json", json={piece.kind: {**own, **piece.body}})
            else:
                with self._transport.safe():
                    answer = self._transport.put(
                        f"{url}/{found['id']}.json", json={piece.kind: _patch(piece, found)}
                    )
        except AdapterError as error:
            return _failed(piece, error)
        return _told(piece, answer, Verdict.UPDATED if found else Verdict.CREATED)

    def _gone(self, piece: Piece, found: Found | None) -> Receipt:
        if found is None:
            return Receipt(_name(piece), Verdict.DELETED)
        try:
            with self._transport.safe():
                answer = self._transport.delete(f"{self._at(piece.kind)}/{found['id']}.json")
        except AdapterError as error:
            return _failed(piece, error)
        if answer.status_code == 404:
            return Receipt(_name(piece), Verdict.DELETED)
        return _told(piece, answer, Verdict.DELETED)

    def _at(self, kind: str) -> str:
        return f"{self._host}/api/v2/{kind}s"


def _seen(piece: Piece, found: Found | None) -> Piece | None:
    if found is None:
        return None
    body = {name: found.get(name) for name in piece.body}
    if _OPTIONS in body:
        body[_OPTIONS] = [{"name": o["name"], "value": o["value"]} for o in found.get(_OPTIONS) or ()]
    return replace(piece, body=body)


def _patch(piece: Piece, found: Found) -> dict[str, Any]:
    """What may be changed of a field; an option that is there keeps its number, or its values would be lost."""
    body = {
        name: value for name, value in piece.body.items() if name not in _FIXED or value != found.get(name)
    }
    if _OPTIONS in body:
        known = {o["value"]: o["id"] for o in found.get(_OPTIONS) or ()}
        body[_OPTIONS] = [
            {**o, **({"id": known[o["value"]]} if o["value"] in known else {})} for o in body[_OPTIONS]
        ]
    return body


def _told(piece: Piece, answer: Response, verdict: Verdict) -> Receipt:
    if answer.ok:
        return Receipt(_name(piece), verdict)
    said = problem(answer)
    return Receipt(_name(piece), Verdict.REJECTED, None, said.code, said.message)


def _failed(piece: Piece, error: AdapterError) -> Receipt:
    if isinstance(error, NotPermitted):
        return Receipt(
            _name(piece), Verdict.REJECTED, None, error.code, redact(f"{error.why or error.what}; {ADMIN}")
        )
    verdict = Verdict.UNKNOWN if isinstance(error, Unavailable) else Verdict.LATER
    return Receipt(_name(piece), verdict, None, error.code, redact(error.why or error.what))


def _name(piece: Piece) -> str:
    return f"{piece.kind} {piece.name}"
