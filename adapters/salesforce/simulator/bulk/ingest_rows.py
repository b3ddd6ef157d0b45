"""One row of an ingest job as a record, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import RecordError
from ..ids import full_id
from ..schema.schema import NUMBERS, Field, ObjectType
from ..writing.named import Named
from ..writing.shapes import TESTS
from ..writing.writer import Writer

NULL = "#N/A"
LONGEST_RECORD = 400_000
XSD = {
    **dict.fromkeys(NUMBERS, "double"),
    "int": "int",
    "boolean": "boolean",
    "date": "date",
    "datetime": "dateTime",
}


class Rows:
    """Writes rows of one job; `key` is the field that an upsert goes by.

    Rows of one chunk must differ in what names them.
    """

    def __init__(self, writer: Writer, obj: ObjectType, operation: str, key: Field | None) -> None:
        self._writer, self._object, self._operation, self._key = writer, obj, operation, key
        self._named = Named("id", ())

    def new_chunk(self, head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        """The rows of the next transaction."""
        by_key = self._key is not None and self._key.type != "id"
        name = self._key.name if self._key is not None else "Id"
        at = next((n for n, column in enumerate(head) if column.lower() == name.lower()), None)
        values = [] if at is None else [line[at] for line in lines if len(line) > at]
        what = "external id" if by_key else "id"
        self._named = Named(what, (v if by_key else full_id(v) or v for v in values))

    def write(self, head: Sequence[str], line: Sequence[str]) -> tuple[str, bool]:
        """The record's id and whether it is new. Raises RecordError."""
        record = as_record(head, line)
        self._read(head, line)
        if self._operation == "insert":
            return self._writer.create(self._object, record), True
        if self._key is not None and self._key.type != "id":
            return self._upsert(self._key, record)
        record_id = str(next((v for n, v in record.items() if n.lower() == "id"), None) or "")
        if not record_id:
            if self._operation == "upsert":
                return self._writer.create(self._object, record), True
            raise RecordError("MISSING_ARGUMENT", f"Id not specified in an {self._operation} call")
        self._named.check(full_id(record_id) or record_id)
        return self._by_id(record_id, record), False

    def _read(self, head: Sequence[str], line: Sequence[str]) -> None:
        """Raises RecordError for a cell from which its column cannot be read.

        Columns count from 0. The words are recorded in SFDO-Tooling/Snowfakery issue 793.
        """
        for place, (name, text) in enumerate(zip(head, line, strict=True)):
            field = self._object.field(name)
            if field is None or field.type not in XSD or text in {"", NULL} or TESTS[field.type](text):
                continue
            kind = XSD[field.type]
            why = f"Failed to deserialize field at col {place}. Due to, '{text}' is not a valid value for the type xsd:{kind}"
            raise RecordError("INVALID_FIELD", why, [field.name])

    def _upsert(self, key: Field, record: dict[str, Any]) -> tuple[str, bool]:
        name = next((n for n in record if n.lower() == key.name.lower()), None)
        if name is None or record[name] is None:
            raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified", [])
        value = record.pop(name)
        self._named.check(value, [key.name])
        return self._writer.upsert(self._object, key, value, record)

    def _by_id(self, record_id: str, record: dict[str, Any]) -> str:
        if self._operation == "delete":
            self._writer.delete(self._object, record_id)
        elif self._operation == "hardDelete":
            self._writer.erase(self._object, record_id)
        else:
            self._writer.update(self._object, record_id, record)
        return full_id(record_id) or record_id


def as_record(head: Sequence[str], line: Sequence[str]) -> dict[str, Any]:
    """Named cells: an empty one is left out, #N/A is null, `Account.CS_Key__c` names a parent."""
    if len(line) != len(head):
        raise RecordError("INVALID_FIELD", "Number of fields in the row differs from the header")
    if sum(map(len, line)) > LONGEST_RECORD:
        raise RecordError("LIMIT_EXCEEDED", f"A record has at most {LONGEST_RECORD} characters")
    record: dict[str, Any] = {}
    for name, text in zip(head, line, strict=True):
        if text == "":
            continue
        own, _, over = name.rpartition(":")[2].partition(".")
        value = None if text == NULL else text
        record[own] = {over: value} if over and value is not None else value
    return record


def error_cell(bad: RecordError) -> str:
    """`CODE:message:fields --`, as failed results have it."""
    fields = f"{','.join(bad.fields)} " if bad.fields else ""
    return f"{bad.code}:{bad.message}:{fields}--"


def named_id(head: Sequence[str], line: Sequence[str]) -> str:
    """The id that a failed row gave, else nothing."""
    return next((text for name, text in zip(head, line, strict=False) if name.lower() == "id"), "")
