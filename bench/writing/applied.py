"""A whole apply beside the bare loop: changes on record before they are sent, sent, and their answers in receipts, `written` and audit.

Measured from the planned changes on, with a store on disk; reading the plan's file and the questions about it are no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.cost import Broken
from bench.results import Row, judge
from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox
from cs_connector.act.plan import Planned
from cs_connector.ports import Adapter, Change, Value
from cs_connector.store import leases
from cs_connector.store.audit import Audit
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

from . import floor
from .kit import AREA, TWICE, done, least

LONG = 86_400.0  # seconds that nobody else may write


def measure(
    folder: Path,
    what: str,
    adapter: Adapter,
    sets: Sequence[Sequence[Change]],
    bare: Callable[[int], object],
    times: int,
) -> Iterator[Row]:
    """Beside the bare loop and beside what is least: `sets` are written in turns, each the same records anew.

    `bare` posts the same bytes in that turn.
    """
    connection, count, size = sets[0][0].connection, len(sets[0]), len(sets)
    plans = [_plan(sets[turn], sets[turn - 1]) for turn in range(size)]
    with Store(folder, None, SystemClock()) as store, Store(folder / "least", None, SystemClock()) as plain:
        lease = leases.take(store.state, "run", "bench", store.state.clock, LONG)

        def whole(turn: int) -> None:
            box = Outbox(store.state, lease, f"R{turn}", Audit())
            _sent(box, plans[turn % size], {connection: adapter})

        def sending(turn: int) -> None:
            done([receipt.verdict for receipt in adapter.write(sets[turn % size])], count)

        whole(0)
        turns = floor.ready(folder / "planned", plans[0], store.state, times + 1)
        lowest = floor.work(plain.state, turns, adapter.capabilities.batch, bare)
        mine, alone, theirs, lowest_cost = least(times, whole, sending, bare, lowest)
    note = (
        f"CPU s of {count:,} changes: outbox, sending, receipts, what was written and audit, beside the bare loop; "
        f"{mine - alone:.2f} s of them beside the adapter's {alone:.2f}; least of {times}"
    )
    yield judge(AREA, f"{what}: a whole apply", mine, theirs, TWICE, note)
    note = (
        f"CPU s of {count:,} changes, beside the bare loop with a plain insert of each change into outbox, audit and written "
        f"and as many commits: what durability costs; least of {times}"
    )
    yield judge(AREA, f"{what}: a whole apply / durable at its least", mine, lowest_cost, TWICE, note)


def _sent(box: Outbox, plan: Sequence[Planned], adapters: dict[str, Adapter]) -> None:
    blocked = box.lay(plan)
    *_, last = outbox.send(box, adapters)
    if blocked or last.done != len(plan):
        raise Broken(f"{last.done:,} of {len(plan):,} changes were confirmed, {len(blocked):,} were not sent")


def _plan(changes: Sequence[Change], before: Sequence[Change]) -> list[Planned]:
    return [_planned(change, was.fields) for change, was in zip(changes, before, strict=True)]


def _planned(change: Change, was: Mapping[str, Value]) -> Planned:
    fields = tuple((name, _text(was[name]), _text(value)) for name, value in change.fields.items())
    return Planned(
        change.connection, change.object, "account", change.key, change.action.value, change.key_field,
        change.record_id, fields, change.associate, change.reason,
    )  # fmt: skip


def _text(value: Value) -> str | None:
    """A plan holds texts."""
    return None if value is None else str(value)
