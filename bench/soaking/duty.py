"""What a forked process does that writes tasks: settles what was left, plans what is wanted, sends it, and may die on the way."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox
from cs_connector.act.outbox import points as named
from cs_connector.act.plan import Planned
from cs_connector.config import Project
from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Adapter, Capabilities, Change, Receipt
from cs_connector.runner.summary import Summary
from cs_connector.store.leases import release, take
from cs_connector.store.store import Store
from cs_connector.store.tables import calls
from cs_connector.testing import MemoryTokens
from cs_connector.transport.clock import SandboxTime

from .child import Left, forked
from .naive import Around
from .points import Plan, Points, die_soon
from .reading import Reading, Wrap, as_it_is

WITHIN = "sending: within"
TITLE = "Risk: "
FEW = 3  # changes that a timid adapter likes to get at once
SLOWEST = 0.06  # seconds from the beginning of a call to a kill in its middle


class Form(NamedTuple):
    """How a CRM holds a task: the fields of its key, its title and its text, and what else it is made with."""

    object: str
    key_field: str
    title: str
    text: str
    company: str
    given: tuple[tuple[str, str], ...]

    def made(self, key: str, text: str) -> dict[str, str]:
        return {self.title: TITLE + key, self.text: text, **dict(self.given)}


FORMS = {
    "salesforce": Form(
        "Task",
        "CS_Key__c",
        "Subject",
        "Description",
        "Account",
        (("Status", "Not Started"), ("Priority", "Normal")),
    ),
    "hubspot": Form(
        "tasks",
        "cs_key",
        "hs_task_subject",
        "hs_task_body",
        "companies",
        (("hs_task_status", "NOT_STARTED"), ("hs_timestamp", "2026-12-01")),
    ),
}


@dataclass(frozen=True, slots=True)
class Duty:
    """`text` is what every open call is to say; `wrap` is laid around the adapter.

    A `naive` outbox makes the tasks, and notes that when the answer is there.
    """

    project: Project
    control_url: str
    wrap: Wrap
    text: str = ""
    naive: bool = False

    @property
    def crm(self) -> str:
        (name,) = self.project.settings.connections
        return name


def perform(duty: Duty, run: str, plan: Plan | None) -> Left:
    return forked(duty.project.root, lambda: _perform(duty, run, plan))


def _perform(duty: Duty, run: str, plan: Plan | None) -> dict[str, object]:
    points = Points(plan)
    named.arm(lambda point: _reached(points, point))
    clock = SandboxTime(duty.control_url)
    with Store(duty.project.state, None, clock) as store:
        lease = take(store.state, "run", run, clock)
        engine = Reading(duty.project, store, clock, MemoryTokens(), clock.now().date(), lease)
        engine.chosen, engine.wrap = (), duty.wrap
        engine.summary = Summary(run, engine.as_of.isoformat())
        form = FORMS[duty.crm]
        watched = {(duty.crm, form.object): form.made("", "").keys()}
        try:
            with suppress(AdapterError):  # the CRM is down: the next run goes on
                _work(duty, engine, Outbox(store.state, lease, run, watched=watched))
        finally:
            engine.leave()
            release(store.state, lease)
    return {"problem": "", "passed": dict(points.passed), "modules": sorted(sys.modules)}


def _reached(points: Points, point: named.Point) -> None:
    if point is named.Point.SENDING and points.due(WITHIN):
        die_soon(points.plan.delay if points.plan else 0.0)
    points.reached(str(point))


def _work(duty: Duty, engine: Reading, box: Outbox) -> None:
    adapters = {duty.crm: engine.adapter(duty.crm)}
    if not duty.naive:
        outbox.recover(box, adapters)
    with box.state.read() as db:
        planned = list(_planned(duty, db))
    if duty.naive:
        _hasty(box, adapters[duty.crm], planned)
        return
    box.lay(planned)
    for _ in outbox.send(box, adapters):
        engine.beat()


def _planned(duty: Duty, db: sa.Connection) -> Iterator[Planned]:
    """A task for each open call that has none, and the text of those that say something else."""
    form = FORMS[duty.crm]
    for call in db.execute(sa.select(calls).where(calls.c.state == "open").order_by(calls.c.key)).mappings():
        said = call["sent"].get("written", {}).get(form.text)
        if call["record_id"] is None:
            yield _new(duty, form, call)
        elif said != duty.text and not duty.naive:
            yield _change(duty, form, call, ((form.text, said, duty.text),), call["record_id"])


def _new(duty: Duty, form: Form, call: Any) -> Planned:
    company = call["account_id"]
    fields = form.made(call["key"], duty.text)
    if duty.crm == "salesforce":
        fields["WhatId"] = company
    made = _change(duty, form, call, tuple((name, None, value) for name, value in fields.items()), None)
    return made if "WhatId" in fields else replace(made, associate=((form.company, company),))


def _change(duty: Duty, form: Form, call: Any, fields: tuple[Any, ...], record: str | None) -> Planned:
    way = ("update", None) if record else ("upsert", form.key_field)
    return Planned(duty.crm, form.object, "call", call["key"], *way, record, fields, (), "soak")


def _hasty(box: Outbox, adapter: Adapter, planned: Sequence[Planned]) -> None:
    """Send a task, and note that it was made, a task after the other."""
    for each in planned:
        change = Change(
            each.connection, each.object, Action.CREATE, each.key, each.values, None, None, each.associate
        )
        named.reach(named.Point.SENDING)
        (answer,) = adapter.write([change])
        named.reach(named.Point.SENT)
        with box.state.begin() as db:
            db.execute(sa.update(calls).where(calls.c.key == each.key).values(record_id=answer.record_id))


class Timid(Around):
    """Likes few changes at once."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.adapter.capabilities, batch=FEW)


class Twice(Timid):
    """Every write goes out twice, as a network may do it."""

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        self.adapter.write(changes)
        return self.adapter.write(changes)


WRAPS: tuple[Wrap, ...] = (as_it_is, Timid, Timid, Twice)


def fault(crm: str, dice: random.Random) -> list[dict[str, Any]]:
    """Something that happens to a few of the next writes, or nothing."""
    what: list[dict[str, Any]] = [
        {"drop": "after"},
        {"drop": "before"},
        {"reset": "after"},
        {"reset": "before"},
        {"truncate": dice.randint(0, 60)},
        {"status": 503, "body": "down"},
    ]
    if dice.random() < 0.3:
        return []
    where = {"salesforce": "/composite/", "hubspot": "/(objects/tasks|associations)/"}[crm]
    return [
        {
            "crm": crm,
            "path": where,
            "after": dice.randint(0, 2),
            "times": dice.randint(1, 3),
            "do": dice.choice(what),
        }
    ]
