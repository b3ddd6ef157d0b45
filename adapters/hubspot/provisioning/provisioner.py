"""Puts groups, properties and the relationship object into a portal, and takes them out again.

Properties are made a hundred a call. Source of the forms: HubSpot's guides to properties and to custom objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Piece, Receipt, Verdict
from cs_connector.transport import Transport, redact

from ..counting import Counter
from ..errors import Problem, problem
from ..paths import Paths
from .face import GROUP, OBJECT, PROPERTY, hatched, sendable
from .look import Look

BATCH = 100
_FIXED = ("hasUniqueValue", "externalOptions", "referencedObjectType")  # of a property that is there already
_NO_OBJECTS = (
    "this portal has no custom objects (they need an Enterprise tier), or the app lacks crm.schemas.custom.write; "
    "the part `summary` stands in for them"
)
_TAKEN = "A property that was deleted keeps its name: restore it in HubSpot's settings, or delete it there for good"


class _Made(msgspec.Struct):
    name: str


class _Answer(msgspec.Struct):
    results: list[_Made] = []
    errors: list[Problem] = []


_answers = msgspec.json.Decoder(_Answer)


class Provisioner:
    """What is ours in one portal."""

    def __init__(self, transport: Transport, paths: Paths, counter: Counter) -> None:
        self._transport, self._paths, self._counter = transport, paths, counter

    def present(self, pieces: Sequence[Piece]) -> list[Piece | None]:
        """Raises AdapterError for a portal that does not answer."""
        look = Look(self._transport, self._paths)
        return [look.find(piece) for piece in pieces]

    def install(self, pieces: Sequence[Piece]) -> list[Receipt]:
        """One receipt each, in order; raises nothing."""
        look = Look(self._transport, self._paths)
        receipts: list[Receipt] = []
        for part, found in _parts(look, pieces):
            if isinstance(found, AdapterError):
                receipts.append(_failed(part[0], found))
            elif found is None and part[0].kind == PROPERTY:
                receipts += self._create(look, part)
            else:
                receipts.append(self._one(look, part[0], found))
        return receipts

    def remove(self, pieces: Sequence[Piece]) -> list[Receipt]:
        """An object goes first and takes its properties and groups with it."""
        look = Look(self._transport, self._paths)
        objects = {piece.name: self._remove(look, piece) for piece in pieces if piece.kind == OBJECT}
        return [
            _along(piece, objects[_home(piece)]) if _home(piece) in objects else self._remove(look, piece)
            for piece in pieces
        ]

    def filled(self, pieces: Sequence[Piece]) -> list[int | None]:
        """By the search index, one call a property; of an object its records alone."""
        look = Look(self._transport, self._paths)
        objects = {piece.name for piece in pieces if piece.kind == OBJECT}
        return [
            self._filled(look, piece) if piece.kind == OBJECT or _home(piece) not in objects else None
            for piece in pieces
        ]

    def _filled(self, look: Look, piece: Piece) -> int | None:
        name, _, field = piece.name.partition(".")
        kind = look.kind(name)
        if kind is None or piece.kind == GROUP:
            return None
        filters = [{"propertyName": field, "operator": "HAS_PROPERTY"}] if piece.kind == PROPERTY else []
        return self._counter.total(kind, filters)

    def _create(self, look: Look, part: Sequence[Piece]) -> list[Receipt]:
        """New properties of one object, together; where the whole batch is refused, it is halved."""
        kind = look.kind(part[0].name.partition(".")[0])
        if kind is None:
            return [_refused(piece, "OBJECT_NOT_FOUND", "the portal has no such object") for piece in part]
        inputs = [{"name": p.name.partition(".")[2], **sendable(p.body)} for p in part]
        try:
            answer = self._transport.post(
                f"{self._paths.properties(kind)}/batch/create", json={"inputs": inputs}
            )
        except AdapterError as error:
            return [_failed(piece, error) for piece in part]
        if answer.ok:
            return _verdicts(part, answer)
        if len(part) == 1:
            return [_problem(part[0], _said(answer))]
        middle = len(part) // 2
        return self._create(look, part[:middle]) + self._create(look, part[middle:])

    def _one(self, look: Look, piece: Piece, found: Piece | None) -> Receipt:
        if found and found.body == piece.body:  # it came with the object that was just made
            return Receipt(_name(piece), Verdict.CREATED)
        try:
            answer = self._sent(look, piece, found)
        except AdapterError as error:
            return _failed(piece, error)
        if answer is None:
            return _refused(piece, "OBJECT_NOT_FOUND", "the portal has no such object")
        if not answer.ok:
            return _problem(piece, _said(answer))
        if piece.kind == OBJECT:
            look.forget()
        return Receipt(_name(piece), Verdict.UPDATED if found else Verdict.CREATED)

    def _sent(self, look: Look, piece: Piece, found: Piece | None) -> Response | None:
        if piece.kind == OBJECT:
            return self._schema(look, piece, found)
        name, _, field = piece.name.partition(".")
        kind = look.kind(name)
        if kind is None:
            return None
        home = self._paths.properties(kind) + ("/groups" if piece.kind == GROUP else "")
        if found is None:
            return self._transport.post(home, json={"name": field, **piece.body})
        body = {key: value for key, value in sendable(piece.body).items() if key not in _FIXED}
        with self._transport.safe():
            return self._transport.patch(f"{home}/{field}", json=body)

    def _schema(self, look: Look, piece: Piece, found: Piece | None) -> Response | None:
        if found is None:
            egg = {"name": piece.name, **piece.body, "properties": hatched(piece.name)}
            return self._transport.post(self._paths.schemas, json=egg)
        kind = look.kind(piece.name)
        lacking = [o for o in piece.body["associatedObjects"] if o not in found.body["associatedObjects"]]
        for other in lacking:
            joint = {"fromObjectTypeId": kind, "toObjectTypeId": other}
            answer = self._transport.post(f"{self._paths.schemas}/{kind}/associations", json=joint)
            if not answer.ok:
                return answer
        own = {key: v for key, v in piece.body.items() if key != "associatedObjects"}
        with self._transport.safe():
            return self._transport.patch(f"{self._paths.schemas}/{kind}", json=own)

    def _remove(self, look: Look, piece: Piece) -> Receipt:
        name, _, field = piece.name.partition(".")
        try:
            kind = look.kind(name)
            if kind is None:
                return Receipt(_name(piece), Verdict.DELETED)
            if piece.kind == OBJECT:
                answer = self._dissolve(kind)
            else:
                home = self._paths.properties(kind) + ("/groups" if piece.kind == GROUP else "")
                with self._transport.safe():
                    answer = self._transport.delete(f"{home}/{field}")
        except AdapterError as error:
            return _failed(piece, error)
        gone = answer.ok or answer.status_code == 404
        if piece.kind == OBJECT:
            look.forget()
        return Receipt(_name(piece), Verdict.DELETED) if gone else _problem(piece, _said(answer))

    def _dissolve(self, kind: str) -> Response:
        """Archive the records of a custom object, then the object: HubSpot keeps one that has records."""
        for ids in list(self._counter.ids(kind)):
            inputs = [{"id": each} for each in ids]
            if inputs:
                with self._transport.safe():
                    self._transport.post(self._paths.objects(kind, "/batch/archive"), json={"inputs": inputs})
        with self._transport.safe():
            return self._transport.delete(f"{self._paths.schemas}/{kind}")


Found = Piece | AdapterError | None


def _parts(look: Look, pieces: Sequence[Piece]) -> Iterator[tuple[list[Piece], Found]]:
    """New properties of one object that follow each other go together; everything else goes alone, as it was found."""
    part: list[Piece] = []
    for piece in pieces:
        found = _found(look, piece)
        fresh = piece.kind == PROPERTY and found is None
        if part and not (fresh and _home(part[-1]) == _home(piece) and len(part) < BATCH):
            yield part, None
            part = []
        if fresh:
            part.append(piece)
        else:
            yield [piece], found
    if part:
        yield part, None


def _found(look: Look, piece: Piece) -> Found:
    try:
        return look.find(piece)
    except AdapterError as error:
        return error


def _home(piece: Piece) -> str:
    return piece.name.partition(".")[0]


def _along(piece: Piece, said: Receipt) -> Receipt:
    """What is said of a piece that goes with its object."""
    return (
        said
        if piece.kind == OBJECT
        else replace(said, key=_name(piece), code=said.code and "WITH_ITS_OBJECT")
    )


def _name(piece: Piece) -> str:
    return f"{piece.kind} {piece.name}"


def _verdicts(part: Sequence[Piece], answer: Response) -> list[Receipt]:
    """A 207 names what it refused; results come in any order."""
    try:
        told = _answers.decode(answer.content)
    except msgspec.MsgspecError as error:
        return [_open(piece, f"the answer cannot be read: {error}") for piece in part]
    made = {each.name for each in told.results}
    errors = {name: error for error in told.errors for name in error.names("name")}
    return [_verdict(piece, made, errors) for piece in part]


def _verdict(piece: Piece, made: set[str], errors: dict[str, Problem]) -> Receipt:
    field = piece.name.partition(".")[2]
    if field in made:
        return Receipt(_name(piece), Verdict.CREATED)
    if field in errors:
        return _problem(piece, errors[field])
    return _open(piece, "HubSpot's answer does not mention it")


def _failed(piece: Piece, error: AdapterError) -> Receipt:
    said = redact(error.why or error.what)
    if isinstance(error, Unavailable):
        return _open(piece, said)
    verdict = Verdict.REJECTED if isinstance(error, NotPermitted) else Verdict.LATER
    fix = _NO_OBJECTS if piece.kind == OBJECT and isinstance(error, NotPermitted) else error.fix
    return Receipt(_name(piece), verdict, None, error.code, f"{fix} (HubSpot: {said})" if fix else said)


def _problem(piece: Piece, said: Problem) -> Receipt:
    text = redact(said.message)
    if "ALREADY_EXISTS" in said.category:
        text += f". {_TAKEN}"
    return _refused(piece, said.code, text)


def _said(answer: Response) -> Problem:
    """What HubSpot says; the refusal of a group is in the message of another one."""
    said = problem(answer)
    with suppress(msgspec.MsgspecError):
        said = msgspec.json.decode(answer.content, type=Problem)
        said = msgspec.json.decode(said.message, type=Problem)
    return said


def _refused(piece: Piece, code: str, text: str) -> Receipt:
    return Receipt(_name(piece), Verdict.REJECTED, None, code, text)


def _open(piece: Piece, text: str) -> Receipt:
    return Receipt(_name(piece), Verdict.UNKNOWN, None, "NOT_CONFIRMED", redact(text))
