"""The CRM obeys and its answer is lost: nothing is done twice."""

from __future__ import annotations

from itertools import cycle

import pytest

from tests.e2e.stage import keys, state

from .test_kill_the_run import settle

pytestmark = [pytest.mark.slow]

WRITES = (
    {"crm": "salesforce", "method": "PATCH", "path": "composite/sobjects"},
    {"crm": "hubspot", "method": "POST", "path": "batch/update"},
    {"crm": "zendesk", "path": "organizations/(create_or_update|update_many)"},
)


def tasks(sandbox):
    """The tasks that were created, by the ledger."""
    return [e["id"] for e in sandbox.ledger() if (e["object"], e["action"]) == ("Task", "create")]


@pytest.mark.long
def test_one_lost_answer_of_each_kind_of_write_changes_nothing(fresh, sandbox, done):
    sandbox.restore(done.written)
    wanted = state(sandbox)
    sandbox.restore(done.untouched)
    ways = cycle(("drop", "reset"))
    sandbox.faults(*(rule | {"times": 1, "do": {next(ways): "after"}} for rule in WRITES))
    settle(fresh, sandbox)
    assert state(sandbox) == wanted
    assert len(set(keys(sandbox))) == len(keys(sandbox)) == len(wanted["Task"])


@pytest.mark.long
def test_when_every_answer_about_tasks_is_lost_the_next_run_looks_before_it_sends(fresh, sandbox, done):
    path = "composite/sobjects/Task"
    sandbox.faults({"crm": "salesforce", "method": "PATCH", "path": path, "do": {"drop": "after"}})
    found = fresh.do("run", "--json", code=None)
    assert found.code in (1, 4)
    before = tasks(sandbox)
    assert len(before) == done.summary["tasks"]["opened"], "they arrived, though nobody said so"
    settle(fresh, sandbox)
    assert tasks(sandbox) == before
    assert len(set(keys(sandbox))) == len(keys(sandbox)) == len(before)
