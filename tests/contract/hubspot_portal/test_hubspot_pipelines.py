"""Pipelines and their stages, by the client and by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.pipelines import (
    PipelineInput,
    PipelinePatchInput,
    PipelineStageInput,
    PipelineStagePatchInput,
)

from .house import House, company

DEALS = "/crm/v3/pipelines/deals"


def test_the_client_makes_changes_and_deletes_a_pipeline(house: House) -> None:
    api, stages = house.client().crm.pipelines.pipelines_api, house.client().crm.pipelines.pipeline_stages_api
    first = [PipelineStageInput(label="Open", display_order=0, metadata={"probability": "0.3"})]
    made = api.create("deals", PipelineInput(label="Renewals", display_order=3, stages=first))
    assert made.stages[0].metadata == {"probability": "0.3", "isClosed": "false"}
    last = PipelineStageInput(label="Lost", display_order=1, metadata={"probability": "0.0"})
    lost = stages.create("deals", made.id, last)
    assert lost.metadata["isClosed"] == "true"
    stages.update("deals", made.id, lost.id, PipelineStagePatchInput(label="Gone"))
    api.update("deals", made.id, PipelinePatchInput(label="Renewing"))
    read = api.get_by_id("deals", made.id)
    assert (read.label, [stage.label for stage in read.stages]) == ("Renewing", ["Open", "Gone"])
    assert read.created_at == made.created_at
    actions = [entry["action"] for entry in house.call("GET", f"{DEALS}/{made.id}/audit").json()["results"]]
    assert actions == ["UPDATE", "CREATE"]
    stages.archive("deals", made.id, lost.id)
    api.archive("deals", made.id)
    assert [p.id for p in api.get_all("deals").results] == ["default"]
    assert {e["object"] for e in house.world.ledger.entries()} == {"pipelines/deals"}


def test_stages_in_use_stay_where_the_version_looks(house: House) -> None:
    house.load("tickets", company(1, subject="A", hs_pipeline="0", hs_pipeline_stage="2"))
    stage = "{}/0/stages/{}"
    new = stage.format("/crm/pipelines/2026-09/tickets", "2")
    assert house.call("DELETE", new).status_code == 400
    old = stage.format("/crm/v3/pipelines/tickets", "2")
    assert house.call("DELETE", f"{old}?validateReferencesBeforeDelete=true").status_code == 400
    assert house.call("DELETE", old).status_code == 204


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (DEALS, {"label": "A", "displayOrder": 0, "stages": [{"label": "S", "metadata": {}}]}, 400),
        (DEALS, {"label": "A", "stages": [{"label": "S", "metadata": {"probability": "2"}}]}, 400),
        (DEALS, {"label": "Sales Pipeline", "displayOrder": 0, "stages": []}, 409),
        (DEALS, {"stages": []}, 400),
        ("/crm/v3/pipelines/tickets/0/stages", {"label": "S", "metadata": {"ticketState": "MAYBE"}}, 400),
        (f"{DEALS}/other/stages", {"label": "S", "metadata": {"probability": "1"}}, 404),
    ],
)
def test_pipelines_that_cannot_be(house: House, path: str, body: Any, status: int) -> None:
    assert house.call("POST", path, body).status_code == status
    assert len(house.world.ledger) == 0


def test_the_last_pipeline_stays_and_a_snapshot_brings_back(house: House) -> None:
    assert house.call("DELETE", f"{DEALS}/default").status_code == 400
    before = house.portal.snapshot()
    house.call("PATCH", f"{DEALS}/default", {"label": "Ours"})
    house.call("DELETE", f"{DEALS}/default/stages/closedlost")
    house.portal.restore(before)
    read = house.call("GET", f"{DEALS}/default").json()
    assert (read["label"], len(read["stages"])) == ("Sales Pipeline", 7)


def test_a_pipeline_is_replaced_and_its_stages_keep_their_ids(house: House) -> None:
    stages = [{"stageId": "closedwon", "label": "Won", "displayOrder": 1, "metadata": {"probability": "1"}}]
    put = house.call("PUT", f"{DEALS}/default", {"label": "Short", "displayOrder": 0, "stages": stages})
    assert [stage["id"] for stage in put.json()["stages"]] == ["closedwon"]
    assert put.json()["createdAt"] == "1970-01-01T00:00:00Z"
