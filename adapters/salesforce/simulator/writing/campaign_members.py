"""A campaign member is a lead or a contact, once in each campaign."""

from __future__ import annotations

from ..errors import RecordError
from ..schema.schema import Schema
from .rows import Row, Rows

RESPONDED = "Responded"


class CampaignMembers:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows

    def derive(self, row: Row) -> Row:
        """Of a contact and a lead, only the contact is taken."""
        responded = row.get("Status") == RESPONDED
        found: Row = {"HasResponded": responded, "LeadOrContactId": row.get("ContactId") or row.get("LeadId")}
        if responded and not row.get("FirstRespondedDate"):
            found["FirstRespondedDate"] = str(row.get("SystemModstamp") or "")[:10] or None
        return found | ({"LeadId": None} if row.get("ContactId") else {})

    def check(self, row: Row) -> None:
        """Raises RecordError for a member without a person, or one that is there already."""
        person = row.get("LeadOrContactId")
        if not person:
            raise RecordError("REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId]", ["LeadId"])
        obj = self._schema.objects["campaignmember"]
        held = self._rows.of(obj).holding(obj.fields["campaignid"], row["CampaignId"])
        others = (self._row(obj.name, i) for i in held if i != row["Id"])
        if any(o.get("LeadOrContactId") == person and not o.get("IsDeleted") for o in others):
            raise RecordError("DUPLICATE_VALUE", "Already a campaign member.")

    def _row(self, name: str, record_id: str | None) -> Row:
        obj = self._schema.objects.get(name.lower())
        return (self._rows.of(obj).rows.get(record_id) if obj and record_id else None) or {}
