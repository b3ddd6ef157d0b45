"""What an adapter must offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

from pydantic import BaseModel

from .face import Piece, Storage
from .reading import Answer, Ask, Document, Estimate, Page, Read
from .system import Capabilities, FieldInfo, Identity, ObjectInfo, Release, Scope, Usage
from .writing import Change, Receipt, Verdict


class Adapter(Protocol):
    """One connection to one system. Built as `Adapter(settings, surroundings)`.

    `scopes` are the permissions it needs, no more; `steps` what an admin does in the CRM before it is connected.
    """

    crm: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    capabilities: ClassVar[Capabilities]
    scopes: ClassVar[Sequence[Scope]] = ()
    steps: ClassVar[Sequence[str]] = ()

    def consent(self, redirect: str, state: str) -> str | None:  # noqa: ARG002
        """The page on which a person lets us in; None where no person is needed."""
        return None

    def approve(self, code: str, redirect: str) -> None:
        """Turn the code that the page sent back into a login, and keep it. Raises AuthFailed."""
        del code, redirect  # a body, or it would be for every adapter to have one

    def check(self) -> Identity:
        """Who and where am I. Raises AuthFailed, NotPermitted, Unavailable."""
        ...

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        """The named objects that exist and can be seen, with their fields."""
        ...

    def seek(self, object_name: str, fields: Sequence[str]) -> Sequence[FieldInfo]:  # noqa: ARG002
        """Those of `fields` that a record has although `describe`, which may look at a part of the records, did not see them."""
        return ()

    def read(self, read: Read) -> Iterator[Page]:
        """Pages from the cursor on; without a cursor everything. Safe to stop after any page."""
        ...

    def estimate(self, read: Read) -> Estimate:  # noqa: ARG002 — an adapter that cannot tell need not override it
        """What this read would bring and cost, from counts and not from records."""
        return Estimate()

    def total(self, object_name: str) -> int | None:  # noqa: ARG002
        """How many records of an object are there, deleted ones aside; None where that is not to be had exactly."""
        return None

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:  # noqa: ARG002
        """The ids of the records that `total` counts, page by page."""
        return iter(())

    def metadata(self, objects: Sequence[str]) -> Iterator[Document]:  # noqa: ARG002
        """The objects and fields of the system as it describes them, all or those named; nobody's records or names."""
        return iter(())

    def shown(self, document: Document) -> ObjectInfo | None:  # noqa: ARG002
        """The object that a document of `metadata` describes, if it does."""
        return None

    def look(self, ask: Ask) -> Answer | None:  # noqa: ARG002
        """The plain answer to a request that changes nothing; None from a system that has no such thing."""
        return None

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """Exactly one receipt a change, in the order of the changes; one bad change never stops others."""
        ...

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        """Record ids by unique key, read from the database of the CRM, never from a search index."""
        ...

    def cost(self, changes: Sequence[Change]) -> int:
        """How many calls `write` needs for these changes when all goes well; nothing is sent to find out."""
        return -(-len(changes) // 100)

    def resume(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """What became of changes whose answer was never heard, by looking in the CRM; one receipt each, in order.

        CREATED, UPDATED or DELETED when the CRM holds what was sent; LATER when it is known not to be done; GONE when the
        record of an UPDATE is not there; UNKNOWN when the CRM does not tell. Sends nothing that changes a record.
        """
        return [Receipt(change.key, Verdict.UNKNOWN, change.record_id) for change in changes]

    def address(self, object_name: str, record_id: str) -> str | None:  # noqa: ARG002
        """Where a person sees a record in a browser; None where there is no such page."""
        return None

    def face(self, parts: Sequence[str]) -> Sequence[Piece]:  # noqa: ARG002
        """Everything of ours that people see in the system, in the order in which it is made; optional `parts` by name."""
        return ()

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        """The pieces as the system has them now, each with the same keys in its body as it was asked with; None where missing."""
        return [None for _ in pieces]

    def install(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        """Make or change pieces, in order; one receipt each, whose key is `kind name`."""
        return _refused(pieces)

    def remove(self, pieces: Sequence[Piece]) -> Sequence[Receipt]:
        """Take pieces out again, in order, with what is in them; one receipt each."""
        return _refused(pieces)

    def filled(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        """How many records hold something that goes with each piece; None where it would take more than a call to tell."""
        return [None for _ in pieces]

    def storage(self) -> Storage | None:
        """Room for records; None where the system does not say."""
        return None

    def release(self) -> Release | None:
        """The version of the API that we speak; None where the system does not say which it takes. Raises AdapterError."""
        return None

    def usage(self) -> Usage:
        """What was used of the CRM's allowance."""
        ...

    def close(self) -> None: ...


def _refused(pieces: Sequence[Piece]) -> Sequence[Receipt]:
    text = "nothing can be installed in this system"
    return [
        Receipt(f"{piece.kind} {piece.name}", Verdict.REJECTED, code="UNSUPPORTED", message=text)
        for piece in pieces
    ]
