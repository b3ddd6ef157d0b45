"""Pipelines and their stages, to read."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Response

from .call import Call, answer
from .errors import missing
from .state import State


class Pipelines:
    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, call: Call) -> Response:
        return answer({"results": list(self._all(call).values())})

    def get(self, call: Call) -> Response:
        return answer(self._one(call))

    def stages(self, call: Call) -> Response:
        return answer({"results": self._one(call)["stages"]})

    def stage(self, call: Call) -> Response:
        for stage in self._one(call)["stages"]:
            if stage["id"] == call.args[2]:
                return answer(stage)
        raise missing(f"Stage {call.args[2]}")

    def _all(self, call: Call) -> dict[str, dict[str, Any]]:
        kind = self._state.shelf(call.args[0]).kind
        self._state.permit(kind, "read")
        return self._state.pipelines.get(kind.name, {})

    def _one(self, call: Call) -> dict[str, Any]:
        found = self._all(call).get(call.args[1])
        if found is None:
            raise missing(f"Pipeline {call.args[1]}")
        return found
