"""Batches of changes of which some cannot be made, while answers come odd or not at all: every change has a verdict, and it is true."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cs_connector import registry
from cs_connector.config import load
from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Adapter, Change, Receipt, Verdict
from cs_connector.runner.summary import Summary
from cs_connector.sandbox.wire import Request, Response
from cs_connector.testing import MemoryTokens

from .naive import Around
from .reading import Reading, as_it_is
from .tables import shared
from .town import CRMS, Builder, Town
from .tries import Tried, Try

BATCHES = 10  # one after another, in one CRM
MOST = 60  # changes of a batch
RECORDS = 40
ODD = 0.15  # share of the answers to writes that come odd
DONE = (Verdict.CREATED, Verdict.UPDATED)
NOT_DONE = (Verdict.REJECTED, Verdict.LATER, Verdict.GONE)
Wrap = Callable[[Adapter], Any]


class Form(NamedTuple):
    """What is written: the field of a text, that of a choice and a value which it has not, and of the key of new records."""

    object: str
    text: str
    choice: str
    wrong: str
    key: str = ""
    named: str = ""


FORMS = {
    "salesforce": Form("Account", "CS_Health_Reason__c", "CS_Health_Band__c", "Purple", "CS_Key__c", "Name"),
    "hubspot": Form("companies", "cs_health_reason", "cs_health_band", "purple", "cs_key", "name"),
    "zendesk": Form("organizations", "cs_health_reason", "cs_health_band", "cs_health_purple"),
}
STRANGERS = {"salesforce": "001000000099999AAA", "hubspot": "999999999", "zendesk": "999999999"}


@contextmanager
def true(folder: Path) -> Iterator[Try]:
    with _asking(folder, as_it_is) as attempt:
        yield attempt


class _Trusting(Around):
    """Believes that a batch is done when it is answered."""

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        self.adapter.write(changes)
        return [Receipt(change.key, Verdict.UPDATED, change.record_id) for change in changes]


@contextmanager
def trusting(folder: Path) -> Iterator[Try]:
    with _asking(folder, _Trusting) as attempt:
        yield attempt


@contextmanager
def _asking(folder: Path, wrap: Wrap) -> Iterator[Try]:
    builder = Builder(folder, "unlimited")
    furniture = {crm: load(path).data for crm, path in registry.installs()}

    def attempt(seed: int) -> Tried:
        dice = random.Random(seed)
        crm = CRMS[seed % len(CRMS)]
        with builder.near(crm, dice, ()) as town:
            town.simulator.install(furniture[crm])
            return _episode(town, dice, wrap)

    with shared():
        yield attempt


def _episode(town: Town, dice: random.Random, wrap: Wrap) -> Tried:
    form, clock = FORMS[town.crm], town.reader
    town.hand.fill(form.object, dice, RECORDS)
    town.pass_time(minutes=10)
    engine = Reading(town.project, town.store, clock, MemoryTokens(), clock.now().date(), None)
    engine.chosen, engine.wrap, engine.summary = (), wrap, Summary("S", "")
    try:
        adapter = engine.adapter(town.crm)
        for number in range(BATCHES):
            if problem := _batch(town, form, adapter, dice, number):
                return Tried(f"{town.crm}: batch {number}: {problem}", number + 1)
    finally:
        engine.leave()
    return Tried("", BATCHES)


def _batch(town: Town, form: Form, adapter: Adapter, dice: random.Random, number: int) -> str:
    """What is wrong with the verdicts of a batch, or nothing."""
    before = town.hand.shows(form.object, form.text)
    changes = list(_changes(town, form, dice, sorted(before), number))
    town.alter = _odd(dice)
    try:
        answers = adapter.write(changes)
    except AdapterError as error:  # nothing was sent, or not a word of it was heard
        answers = [Receipt(change.key, Verdict.UNKNOWN, None, error.code) for change in changes]
    town.alter = lambda _, answer: answer
    town.pass_time(minutes=10)
    if [answer.key for answer in answers] != [change.key for change in changes]:
        return f"{len(changes)} changes, {len(answers)} verdicts"
    after = town.hand.shows(form.object, form.text)
    held = set(after.values())
    told = zip(changes, answers, strict=True)
    return next((wrong for c, a in told if (wrong := _lies(c, a, form, held, after))), "")


def _lies(change: Change, answer: Receipt, form: Form, held: set[Any], after: dict[str, Any]) -> str:
    """How a verdict differs from what is there."""
    what = f"{change.action} of {change.record_id or change.key}: {answer.verdict} {answer.code}"
    if change.action is Action.DELETE:
        gone = change.record_id not in after
        return "" if gone or answer.verdict is not Verdict.DELETED else f"{what}, and it is there"
    there = change.fields[form.text] in held
    if answer.verdict in DONE and not there:
        return f"{what}, and it is not there"
    if answer.verdict in NOT_DONE and there:
        return f"{what}, and it is there"
    return ""


def _changes(
    town: Town, form: Form, dice: random.Random, ids: Sequence[str], number: int
) -> Iterator[Change]:
    """One change a record; some of records that are not there, with values that no field takes, of fields that are none."""
    chosen = dice.sample(list(ids), min(len(ids), dice.randint(1, MOST)))
    for n, record in enumerate(chosen):
        key = f"b{number}-{n}"
        change = Change(
            town.crm, form.object, Action.UPDATE, key, {form.text: f"text {key}"}, None, record, (), "soak"
        )
        yield _other(town.crm, form, dice, change)


def _other(crm: str, form: Form, dice: random.Random, change: Change) -> Change:
    """The change as it is, mostly; or another one in its place."""
    fields, what = change.fields, dice.random()
    if what < 0.06:
        return replace(change, record_id=STRANGERS[crm])
    if what < 0.12:
        return replace(change, fields={**fields, form.choice: form.wrong})
    if what < 0.14 and crm != "zendesk":  # which leaves out what it does not know
        return replace(change, fields={**fields, "nonsense__c": "1"})
    if what < 0.2 and crm != "zendesk":
        return replace(change, action=Action.DELETE, fields={})
    if what < 0.35 and form.key:
        return _new(form, change)
    return change


def _new(form: Form, change: Change) -> Change:
    fields = {**change.fields, form.named: f"Made as {change.key}"}
    return replace(change, action=Action.UPSERT, key_field=form.key, record_id=None, fields=fields)


def _odd(dice: random.Random) -> Callable[[Request, Response], Response]:
    """Answers to writes come odd now and then: lost, cut, of a server that is down, or without some of their results."""

    def alter(request: Request, answer: Response) -> Response:
        watches = "job_status" in request.path
        asks = request.method == "GET" or "batch/read" in request.path or "token" in request.path
        if (asks and not watches) or dice.random() > ODD:
            return answer
        return dice.choice((_down, _cut, _fewer, _gone if watches else _down))(answer, dice)

    return alter


def _down(answer: Response, dice: random.Random) -> Response:
    del answer, dice
    return Response(503, b"down")


def _cut(answer: Response, dice: random.Random) -> Response:
    return Response(
        answer.status, answer.body[: dice.randint(0, max(0, len(answer.body) - 1))], answer.headers
    )


def _fewer(answer: Response, dice: random.Random) -> Response:
    """Some of the results are missing."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer
    held = body.get("results") if isinstance(body, dict) else None
    if not held:
        return answer
    body["results"] = dice.sample(held, dice.randint(0, len(held)))
    return Response(answer.status, json.dumps(body).encode(), answer.headers)


def _gone(answer: Response, dice: random.Random) -> Response:
    """What was asked about is not there any more, as a job after its time."""
    del dice
    return Response(404, b'{"error":"RecordNotFound","description":"Not found"}', answer.headers)


NAIVE = {"an answer is taken for a yes": trusting}
