"""Duplicate rules: a record that looks like another is refused, or saved when the client insists."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.faults import DuplicateRule

from ..errors import RecordError
from ..rest.headers import Manner
from ..schema.schema import ObjectType
from .rows import Row, Rows

SENTENCE = "Use one of these records?"
RESULT = "duplicateResut"  # the vendor's own spelling of the key


class Detected(RecordError):
    """DUPLICATES_DETECTED with the records that were found; `version` stands in their addresses."""

    def __init__(self, rule: DuplicateRule, obj: ObjectType, ids: list[str], version: str) -> None:
        super().__init__("DUPLICATES_DETECTED", SENTENCE)
        self._rule, self._object, self._ids = rule, obj, ids
        self._path = f"/services/data/{version}/sobjects/{obj.name}"

    def more(self) -> dict[str, Any]:
        return {RESULT: self._result()}

    def _result(self) -> dict[str, Any]:
        name = self._object.name
        found = [{"attributes": {"type": name, "url": f"{self._path}/{i}"}, "Id": i} for i in self._ids]
        records = [
            {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
            for record in found
        ]
        match = {
            "entityType": name, "errors": [], "matchEngine": "ExactMatchEngine", "matchRecords": records,
            "rule": self._rule.name, "size": len(records), "success": True,
        }  # fmt: skip
        return {
            "allowSave": not self._rule.blocks, "duplicateRule": self._rule.name,
            "duplicateRuleEntityType": name, "errorMessage": SENTENCE, "matchResults": [match],
        }  # fmt: skip


class Duplicates:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._rules: dict[tuple[str, str], DuplicateRule] = {}

    def order(self, rule: DuplicateRule) -> None:
        """Takes the place of a rule of the same object and name."""
        self._rules[rule.object.lower(), rule.name] = rule

    def forget(self) -> None:
        """End what was ordered."""
        self._rules.clear()

    def check(self, obj: ObjectType, before: Row | None, after: Row, manner: Manner) -> None:
        """Raises Detected unless the client wants to save and the rule lets it."""
        for rule in self._rules.values():
            passes = manner.saves_duplicates and not rule.blocks
            if rule.object.lower() == obj.name.lower() and not passes:
                ids = self._like(rule, obj, before, after)
                if ids:
                    raise Detected(rule, obj, ids, manner.version)

    def _like(self, rule: DuplicateRule, obj: ObjectType, before: Row | None, after: Row) -> list[str]:
        fields = [obj.fields[name.lower()] for name in rule.fields]
        values = {f.name: after.get(f.name) for f in fields}
        unchanged = before is not None and all(before.get(n) == v for n, v in values.items())
        if unchanged or any(v in {None, ""} for v in values.values()):
            return []
        table = self._rows.of(obj)
        found = [set(table.holding(f, values[f.name])) for f in fields]
        return sorted(set.intersection(*found) - {after["Id"]})
