"""Tasks are planned, sent and noted by processes that are killed at every named point, while answers get lost: none twice, none missing."""

from __future__ import annotations

import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.bed import Bed, serving
from cs_connector import registry
from cs_connector.act.outbox import waiting
from cs_connector.act.outbox.points import Point
from cs_connector.store.audit import checking
from cs_connector.store.store import Store
from cs_connector.store.tables import audit as rows
from cs_connector.store.tables import calls
from cs_connector.transport.clock import SystemClock

from .child import Left, preload
from .duty import FORMS, SLOWEST, TITLE, WITHIN, WRAPS, Duty, Form, fault, perform
from .points import Plan
from .project import written
from .remote import Remote, remote
from .tries import Tried, Try

KILLS = 10  # of one store, one after another
ROUNDS = 4  # quiet runs at the end, of which the last must do nothing
MOST = 12  # tasks of one store
SERVE = (sys.executable, "-m", "bench.soaking.serve", "unlimited", "furnished")
AIMS = (*map(str, Point), WITHIN)
RECOVERING = {str(p) for p in (Point.LOOKING, Point.LOOKED, Point.RECOVERED)}
FLYING = {
    str(p) for p in (Point.TAKEN, Point.SENDING, Point.SENT, Point.SETTLING, Point.LOOKING, Point.LOOKED)
} | {WITHIN}


@contextmanager
def at_points(folder: Path) -> Iterator[Try]:
    """The point that was met least often so far is next, so that all are met."""
    with _sending(folder) as sending:
        yield sending


@contextmanager
def naive(folder: Path) -> Iterator[Try]:
    """A task is made, and noted when the answer is there."""
    with _sending(folder) as sending:
        sending.naive, sending.aims = True, (WITHIN, str(Point.SENDING), str(Point.SENT))
        yield sending


@contextmanager
def _sending(folder: Path) -> Iterator[Sending]:
    Store(folder / "empty", None, SystemClock()).close()
    with serving(folder / "crms", SERVE) as bed, ExitStack() as stack:
        crms = [stack.enter_context(remote(bed, crm)) for crm in sorted(FORMS)]
        for crm in crms:
            crm.hand.fill(FORMS[crm.crm].company, random.Random(1), 5)
        bed.advance("PT10M")
        bed.snapshot()
        yield Sending(folder, bed, crms)


class Sending:
    """Tries of a kind; `met` counts the kills at each of the points in `aims`."""

    def __init__(self, folder: Path, bed: Bed, crms: Sequence[Remote]) -> None:
        self._folder, self._bed, self._crms = folder, bed, crms
        self.met = Counter[str]()
        for crm in crms:  # found once, not in each child
            registry.adapter(crm.crm)
        self.kills, self.naive, self.aims = KILLS, False, AIMS

    def __call__(self, seed: int) -> Tried:
        dice = random.Random(seed)
        crm = self._crms[seed % len(self._crms)]
        self._bed.restore()
        self._bed.order("/faults", {"rules": []})
        before = len(self._bed.ledger())
        root = self._folder / f"store{seed}"
        project = written(root, crm.crm, crm.login, self._bed.document["control_url"])
        shutil.copytree(self._folder / "empty", project.state)
        duty = Duty(project, self._bed.document["control_url"], dice.choice(WRAPS), naive=self.naive)
        try:
            return self._episode(duty, crm, dice, lambda: self._bed.ledger(before))
        finally:
            shutil.rmtree(root)

    def _episode(
        self, duty: Duty, crm: Remote, dice: random.Random, ledger: Callable[[], list[dict[str, Any]]]
    ) -> Tried:
        form, kills, flying = FORMS[crm.crm], 0, False
        keys = _opened(duty, crm, dice)
        for number in range(self.kills):
            duty = duty if duty.naive and number else replace(duty, text=f"As of run {number}")
            self._bed.order("/faults", {"rules": fault(crm.crm, dice)})
            plan = self._plan(dice, flying=flying)
            left = perform(duty, f"R{number}", plan)
            if left.problem:
                return Tried(f"{crm.crm}, killed at {plan}: {left.problem}", kills)
            self._note(plan, left)
            kills += left.killed
            flying = left.killed and plan.point in FLYING
            self._bed.advance("PT90S")
        return Tried(self._end(duty, keys, form, ledger), kills)

    def _plan(self, dice: random.Random, *, flying: bool) -> Plan:
        """What recovers does so where something was in flight."""
        aims = [name for name in self.aims if flying or name not in RECOVERING] or [str(Point.SENT)]
        least = min(self.met[name] for name in aims)
        name = dice.choice([name for name in aims if self.met[name] == least])
        return Plan(name, dice.choice((1, 1, 1, 2, 3)), dice.uniform(0, SLOWEST))

    def _note(self, plan: Plan, left: Left) -> None:
        self.met[plan.point] += left.killed
        preload(left.modules)

    def _end(
        self, duty: Duty, keys: Sequence[str], form: Form, ledger: Callable[[], list[dict[str, Any]]]
    ) -> str:
        """Quiet runs, and what is wrong after them."""
        self._bed.order("/faults", {"rules": []})
        done = 0
        for number in range(ROUNDS):
            self._bed.advance("PT30M")
            done = len(ledger())
            left = perform(duty, f"Q{number}", None)
            if left.problem or left.killed:
                return f"{duty.crm}, at the end: {left.problem or 'killed'}"
            self._note(Plan("", 0), left)
        late = ledger()[done:]
        if late:
            return f"{duty.crm}: a run with nothing to do wrote {len(late)} times"
        with Store(duty.project.state, None, SystemClock()) as store:
            return _judged(duty, keys, form, ledger(), store)


def _opened(duty: Duty, crm: Remote, dice: random.Random) -> list[str]:
    """Some calls that have no task yet; their keys."""
    companies = sorted(crm.hand.holds(FORMS[crm.crm].company, ()))
    keys = [f"KEY{dice.getrandbits(64):016X}" for _ in range(dice.randint(1, MOST))]
    empty = {
        "rule": "soak",
        "type": "Risk",
        "state": "open",
        "connection": crm.crm,
        "sent": {},
        "record_id": None,
    }
    with Store(duty.project.state, None, SystemClock()) as store, store.state.begin() as db:
        db.execute(
            sa.insert(calls), [{**empty, "key": key, "account_id": dice.choice(companies)} for key in keys]
        )
    return sorted(keys)


def _judged(
    duty: Duty, keys: Sequence[str], form: Form, entries: Sequence[dict[str, Any]], store: Store
) -> str:
    """Ledger, store and audit say the same: the first difference, or nothing."""
    tasks = [entry for entry in entries if entry["object"].lower() == form.object.lower()]
    made = {}
    for entry in tasks:
        if entry["action"] != "create":
            continue
        key = str(_flat(entry["after"])[form.title]).removeprefix(TITLE)
        if key in made:
            return f"{duty.crm}: task {key} was made twice"
        made[key] = entry["id"]
    if sorted(made) != list(keys):
        return f"{duty.crm}: {len(keys)} tasks were wanted, {len(made)} were made: {sorted(made)[:2]}"
    said = ((entry["id"], _flat(entry["after"])) for entry in tasks)
    texts = {record: after[form.text] for record, after in said if form.text in after}
    other = [key for key, record in made.items() if texts.get(record) != duty.text]
    if other:
        return f"{duty.crm}: task {other[0]} says {texts.get(made[other[0]])!r}, not {duty.text!r}"
    return "" if duty.naive else _told(made, store)


def _told(made: dict[str, str], store: Store) -> str:
    """What is wrong with what the store says of the tasks that were made."""
    with store.state.read() as db:
        noted = {row.key: row.record_id for row in db.execute(sa.select(calls.c.key, calls.c.record_id))}
        left = len(waiting(db))
        told = db.execute(sa.select(rows.c.key, rows.c.before, rows.c.after)).all()
        found = checking.verify(db, lambda text: text, None)
    if noted != made:
        return f"the store says {sorted(set(noted.items()) ^ set(made.items()))[:2]}"
    if left:
        return f"{left} changes are left in the outbox"
    if found.wrong:
        return f"the audit is wrong at row {found.wrong.row}: {found.wrong.what}"
    created = Counter(row.key for row in told if row.before is None)
    if created != Counter(made.keys()):
        return f"the audit says {created} were made"
    twice = [key for key, count in Counter((row.key, row.after) for row in told).items() if count > 1]
    return f"the audit says twice: {twice[0]}" if twice else ""


def _flat(after: dict[str, Any] | None) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in (after or {}).items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


NAIVE = {"noted when the answer is there": naive}
