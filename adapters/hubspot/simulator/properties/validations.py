"""The rules that a property's values must keep, to read and to set."""

from __future__ import annotations

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, nothing
from ..errors import missing
from ..records.shelf import Shelf
from ..state import State
from .rules import Rule, made


class Wanted(msgspec.Struct):
    ruleArguments: list[str]  # noqa: N815 — HubSpot's names
    shouldApplyNormalization: bool = False  # noqa: N815


class Validations:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        shelf = self._shelf(call)
        own = {name: rules for (kind, name), rules in self._state.rules.items() if kind == shelf.kind.type_id}
        results = [
            {"propertyName": name, "propertyValidationRules": [rule.shown() for rule in rules]}
            for name, rules in own.items()
            if rules
        ]
        return answer({"results": results})

    def of_property(self, call: Call) -> Response:
        return answer({"results": [rule.shown() for rule in self._rules(call)]})

    def get(self, call: Call) -> Response:
        for rule in self._rules(call):
            if rule.type == call.args[2]:
                return answer(rule.shown())
        raise missing(f"Rule {call.args[2]}")

    def put(self, call: Call) -> Response:
        """204. Values that are there already stay as they are."""
        shelf, name, rule_type = self._shelf(call), call.args[1], call.args[2]
        new = made(rule_type, call.body(Wanted).ruleArguments)
        others = tuple(rule for rule in self._rules(call) if rule.type != rule_type)
        self._state.rules[shelf.kind.type_id, name] = (*others, new)
        self._ledger.write(
            self._name,
            f"property-validations/{shelf.kind.name}",
            f"{name}/{rule_type}",
            "update",
            {},
            new.shown(),
        )
        return nothing()

    def _shelf(self, call: Call) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        noun = "custom" if shelf.kind.custom else shelf.kind.name
        act = "read" if call.request.method == "GET" else "write"
        self._state.demand(f"crm.schemas.{noun}.{act}", *shelf.kind.scopes(act))
        return shelf

    def _rules(self, call: Call) -> tuple[Rule, ...]:
        shelf, name = self._shelf(call), call.args[1]
        if name not in shelf.fields:
            raise missing(f'Property "{name}"')
        return self._state.rules.get((shelf.kind.type_id, name), ())
