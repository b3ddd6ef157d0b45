"""Permission sets of ours and the users who have them, as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cs_connector.errors import AdapterError
from cs_connector.ports import Piece, Receipt, Verdict
from cs_connector.transport import Transport

from .receipts import failed, key

_FIX = "assign it in Setup, Permission Sets, Manage Assignments"


class Assignments:
    """`query` answers one page of a query, `root` is the address of the REST API, `user` the id of who is logged in."""

    def __init__(
        self,
        session: Transport,
        root: Callable[[], str],
        query: Callable[[str], Mapping[str, Any]],
        user: Callable[[], str],
    ) -> None:
        self._session, self._root, self._query, self._user = session, root, query, user

    def present(self, pieces: Sequence[Piece]) -> Sequence[Piece | None]:
        held = self._held(piece.name for piece in pieces)
        return [piece if piece.name in held else None for piece in pieces]

    def assign(self, piece: Piece) -> Receipt:
        """Assign a permission set to the user of this connection."""
        if piece.name in self._held([piece.name]):
            return Receipt(key(piece), Verdict.UPDATED)
        found = self._records(f"SELECT Id FROM PermissionSet WHERE Name = '{piece.name}'")
        if not found:
            return Receipt(key(piece), Verdict.REJECTED, None, "NOT_FOUND", f"{piece.name} is not there")
        body = {"PermissionSetId": found[0]["Id"], "AssigneeId": self._user()}
        try:
            self._session.post(
                f"{self._root()}/sobjects/PermissionSetAssignment", json=body
            ).raise_for_status()
        except AdapterError as error:
            return failed(piece, error, _FIX)
        return Receipt(key(piece), Verdict.CREATED)

    def release(self, name: str) -> None:
        """Take a permission set from everybody who has it: Salesforce deletes none that is assigned. Raises AdapterError."""
        soql = f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = '{name}'"
        for row in self._records(soql):
            self._drop(row["Id"])

    def take(self, piece: Piece) -> Receipt:
        """Take it from the user of this connection."""
        try:
            for row_id in self._held([piece.name]).values():
                self._drop(row_id)
        except AdapterError as error:
            return failed(piece, error, _FIX)
        return Receipt(key(piece), Verdict.DELETED)

    def _held(self, names: Any) -> Mapping[str, str]:
        """The assignments of the user of this connection: record ids by permission set."""
        listed = ", ".join(f"'{name}'" for name in names)
        soql = (
            "SELECT Id, PermissionSet.Name FROM PermissionSetAssignment "
            f"WHERE AssigneeId = '{self._user()}' AND PermissionSet.Name IN ({listed})"
        )
        return {row["PermissionSet"]["Name"]: row["Id"] for row in self._records(soql)}

    def _drop(self, row_id: str) -> None:
        self._session.delete(f"{self._root()}/sobjects/PermissionSetAssignment/{row_id}")

    def _records(self, soql: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self._query(soql).get("records", [])
        return found
