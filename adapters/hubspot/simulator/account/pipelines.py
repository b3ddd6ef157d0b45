"""Pipelines and their stages: read, create, change, delete, and what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, nothing
from ..errors import bad_request, exists, missing
from ..records.shelf import Shelf
from ..records.writes import STAGES
from ..state import State
from ..times import iso

MOST_PIPELINES, MOST_STAGES = 100, 100
WORDS = {"deals": "probability", "tickets": "ticketState"}
Thing = dict[str, Any]
Things = list[Thing]


class StageDraft(msgspec.Struct):
    label: str
    displayOrder: int = 0  # noqa: N815 — HubSpot's names
    metadata: dict[str, str] = {}
    stageId: str | None = None  # noqa: N815


class Draft(msgspec.Struct):
    label: str
    stages: list[StageDraft]
    displayOrder: int = 0  # noqa: N815
    pipelineId: str | None = None  # noqa: N815


class Patch(msgspec.Struct, omit_defaults=True):
    """What may be changed; what is not named stays."""

    label: str | None = None
    displayOrder: int | None = None  # noqa: N815
    archived: bool | None = None
    metadata: dict[str, str] | None = None


class Pipelines:
    """Pipelines are replaced, never changed in place; `name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        return answer({"results": list(self._all(call).values())})

    def get(self, call: Call) -> Response:
        return answer(self._one(call))

    def create(self, call: Call) -> Response:
        shelf = self._shelf(call)
        draft = call.body(Draft)
        return answer(
            self._put(shelf, self._made(shelf, draft, self._new_id(shelf, draft)), None, "CREATE"), 201
        )

    def replace(self, call: Call) -> Response:
        """All of a pipeline; stages keep their id where they name it."""
        shelf, old = self._shelf(call), self._one(call)
        made = self._made(shelf, call.body(Draft), old["id"])
        self._unused(call, shelf, {s["id"] for s in old["stages"]} - {s["id"] for s in made["stages"]})
        return answer(self._put(shelf, {**made, "createdAt": old["createdAt"]}, old, "UPDATE"))

    def update(self, call: Call) -> Response:
        shelf, old = self._shelf(call), self._one(call)
        patch = msgspec.to_builtins(call.body(Patch))
        patch.pop("metadata", None)
        return answer(self._put(shelf, {**old, **patch, "updatedAt": self._at()}, old, "UPDATE"))

    def delete(self, call: Call) -> Response:
        """204. Raises Refusal 400 for the last pipeline, and for one that records are in."""
        shelf, old = self._shelf(call), self._one(call)
        if len(self._state.pipelines[shelf.kind.name]) == 1:
            raise bad_request("The only pipeline of an object type cannot be deleted")
        self._unused(call, shelf, {stage["id"] for stage in old["stages"]})
        del self._state.pipelines[shelf.kind.name][old["id"]]
        self._note(shelf, old["id"], old, None, "DELETE")
        return nothing()

    def audit(self, call: Call) -> Response:
        shelf = self._shelf(call)
        return answer({"results": self._state.audit.about(f"{shelf.kind.name}/{call.args[1]}")})

    def stages(self, call: Call) -> Response:
        return answer({"results": self._one(call)["stages"]})

    def stage(self, call: Call) -> Response:
        return answer(self._stage(call))

    def create_stage(self, call: Call) -> Response:
        shelf, pipeline = self._shelf(call), self._one(call)
        made = self._made_stage(shelf, call.body(StageDraft))
        if made["id"] in {stage["id"] for stage in pipeline["stages"]}:
            raise exists(f"A stage with id '{made['id']}'")
        self._restage(shelf, pipeline, [*pipeline["stages"], made])
        self._note(shelf, made["id"], None, made, "CREATE")
        return answer(made, 201)

    def replace_stage(self, call: Call) -> Response:
        shelf, old = self._shelf(call), self._stage(call)
        draft = call.body(StageDraft)
        fresh = self._made_stage(shelf, msgspec.structs.replace(draft, stageId=old["id"]))
        return self._change_stage(call, shelf, old, {**fresh, "createdAt": old["createdAt"]})

    def update_stage(self, call: Call) -> Response:
        shelf, old = self._shelf(call), self._stage(call)
        patch = msgspec.to_builtins(call.body(Patch))
        if "metadata" in patch:
            patch["metadata"] = _metadata(shelf, {**old["metadata"], **patch["metadata"]})
        return self._change_stage(call, shelf, old, {**old, **patch, "updatedAt": self._at()})

    def delete_stage(self, call: Call) -> Response:
        """204. Raises Refusal 400 for a stage that records are in."""
        shelf, pipeline, old = self._shelf(call), self._one(call), self._stage(call)
        self._unused(call, shelf, {old["id"]})
        self._restage(shelf, pipeline, [stage for stage in pipeline["stages"] if stage["id"] != old["id"]])
        self._note(shelf, old["id"], old, None, "DELETE")
        return nothing()

    def stage_audit(self, call: Call) -> Response:
        shelf = self._shelf(call)
        return answer({"results": self._state.audit.about(f"{shelf.kind.name}/{call.args[2]}")})

    def _change_stage(self, call: Call, shelf: Shelf, old: Thing, new: Thing) -> Response:
        pipeline = self._one(call)
        self._restage(
            shelf, pipeline, [new if stage["id"] == old["id"] else stage for stage in pipeline["stages"]]
        )
        self._note(shelf, new["id"], old, new, "UPDATE")
        return answer(new)

    def _restage(self, shelf: Shelf, pipeline: Thing, stages: Things) -> None:
        if len(stages) > MOST_STAGES:
            raise bad_request(f"A pipeline has at most {MOST_STAGES} stages")
        ordered = sorted(stages, key=lambda stage: stage["displayOrder"])
        fresh = {**pipeline, "stages": ordered, "updatedAt": self._at()}
        self._state.pipelines[shelf.kind.name][pipeline["id"]] = fresh

    def _put(self, shelf: Shelf, new: Thing, old: Thing | None, action: str) -> Thing:
        pipelines = self._state.pipelines.setdefault(shelf.kind.name, {})
        if any(p["label"] == new["label"] and p["id"] != new["id"] for p in pipelines.values()):
            raise exists(f"A pipeline named '{new['label']}'")
        pipelines[new["id"]] = new
        self._note(shelf, new["id"], old, new, action)
        return new

    def _made(self, shelf: Shelf, draft: Draft, pipeline_id: str) -> Thing:
        stages = [self._made_stage(shelf, stage) for stage in draft.stages]
        if len({stage["label"] for stage in stages}) < len(stages):
            raise bad_request("The stages of a pipeline must have different labels")
        at = self._at()
        return {
            "label": draft.label,
            "displayOrder": draft.displayOrder,
            "id": pipeline_id,
            "stages": sorted(stages, key=lambda stage: stage["displayOrder"]),
            "createdAt": at,
            "updatedAt": at,
            "archived": False,
        }

    def _made_stage(self, shelf: Shelf, draft: StageDraft) -> Thing:
        at = self._at()
        return {
            "label": draft.label,
            "displayOrder": draft.displayOrder,
            "metadata": _metadata(shelf, draft.metadata),
            "id": draft.stageId or str(self._state.new_id()),
            "createdAt": at,
            "updatedAt": at,
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }

    def _new_id(self, shelf: Shelf, draft: Draft) -> str:
        held = self._state.pipelines.get(shelf.kind.name, {})
        if len(held) >= MOST_PIPELINES:
            raise bad_request(f"An object type has at most {MOST_PIPELINES} pipelines")
        if draft.pipelineId in held:
            raise exists(f"A pipeline with id '{draft.pipelineId}'")
        return draft.pipelineId or str(self._state.new_id())

    def _unused(self, call: Call, shelf: Shelf, stages: set[str]) -> None:
        """Raises Refusal 400 where records are in one of the stages.

        The dated versions always refuse; of the older ones only those that are asked to.
        """
        asked = call.query.get("validateReferencesBeforeDelete") == "true"
        if not stages or not (call.dated or asked):
            return
        name = STAGES.get(shelf.kind.name, ("", "hs_pipeline_stage"))[1]
        used = [record.id for record in shelf.live.values() if record.properties.get(name) in stages]
        if used:
            listed = ", ".join(map(str, used[:10]))
            raise bad_request(f"Stages that records are in cannot be deleted; the first are {listed}")

    def _all(self, call: Call) -> dict[str, Thing]:
        return self._state.pipelines.get(self._shelf(call).kind.name, {})

    def _one(self, call: Call) -> Thing:
        found = self._all(call).get(call.args[1])
        if found is None:
            raise missing(f"Pipeline {call.args[1]}")
        return found

    def _stage(self, call: Call) -> Thing:
        for stage in self._one(call)["stages"]:
            if stage["id"] == call.args[2]:
                return dict(stage)
        raise missing(f"Stage {call.args[2]}")

    def _shelf(self, call: Call) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, "read" if call.request.method == "GET" else "write")
        return shelf

    def _at(self) -> str:
        return iso(self._state.now())

    def _note(self, shelf: Shelf, own: str, old: Thing | None, new: Thing | None, action: str) -> None:
        verb = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete"}[action]
        self._ledger.write(self._name, f"pipelines/{shelf.kind.name}", own, verb, old, new)
        key = f"{shelf.kind.name}/{own}"
        self._state.audit.note(key, self._state.portal_id, action, new or old, self._state.now())


def _metadata(shelf: Shelf, given: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a stage, with what is derived. Raises Refusal 400 for what a kind needs."""
    word = WORDS.get(shelf.kind.name)
    if word is None:
        return dict(given)
    if shelf.kind.name == "tickets":
        state = given.get("ticketState", "OPEN").upper()
        if state not in ("OPEN", "CLOSED"):
            raise bad_request("ticketState must be OPEN or CLOSED")
        return {**given, "ticketState": state, "isClosed": "true" if state == "CLOSED" else "false"}
    try:
        chance = float(given.get("probability", "nan"))
    except ValueError:
        chance = -1
    if not 0 <= chance <= 1:
        raise bad_request(
            "The stages of a deal pipeline need a probability from 0.0 to 1.0 in their metadata"
        )
    return {**given, "probability": str(chance), "isClosed": "true" if chance in (0, 1) else "false"}
