"""Whatever is done to the rows of the audit is found, and how they are sealed can be said in one line of Python."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.ports import Action, Verdict
from cs_connector.store.audit import Audit
from cs_connector.store.audit.book import START
from cs_connector.store.audit.checking import verify
from cs_connector.store.audit.checkpoint import Checkpoint
from cs_connector.store.store import Store
from cs_connector.store.tables import audit
from tests.conftest_store import HandClock
from tests.unit.store.audit_kit import checkpoint, entry, sign, write

COLUMNS = [column.name for column in audit.c]
ROWS = 6
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.dictionaries(
    texts,
    st.none()
    | texts
    | st.integers(-(2**63), 2**63)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False),
)


class Undone(Exception):
    pass


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Store, Checkpoint]]:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "s", None, HandClock()) as store:
        write(store, entry(1), entry(2, before=None, verdict=Verdict.CREATED), entry(3, record_id=None))
        gone = entry(4, after={}, action=Action.DELETE, verdict=Verdict.DELETED)
        write(store, entry(1), gone, entry(1, reason="it fell"), run="R2")
        yield store, checkpoint(store)


def edited(store: Store, known: Checkpoint, edit: Any) -> bool:
    """Whether verifying finds what `edit` does to the rows; the store is left as it was."""
    found = False
    with pytest.raises(Undone), store.state.begin() as db:
        edit(db)
        found = verify(db, sign, known).wrong is not None
        raise Undone
    return found


def other(value: Any, column: str, new: str) -> Any:
    """Another value that the column takes."""
    match column:
        case "id":
            return value + 100
        case "at":
            return value + timedelta(microseconds=1)
        case _:
            return new if new != value else f"{new}."


@given(number=st.integers(1, ROWS), column=st.sampled_from(COLUMNS), new=texts)
@settings(max_examples=150, deadline=None)
def test_any_edit_of_any_column_of_any_row_is_found(
    chain: tuple[Store, Checkpoint], number: int, column: str, new: str
) -> None:
    def edit(db: sa.Connection) -> None:
        this = audit.c.id == number
        value = db.scalar(sa.select(audit.c[column]).where(this))
        db.execute(sa.update(audit).where(this).values({column: other(value, column, new)}))

    assert edited(*chain, edit)


@given(number=st.integers(1, ROWS), column=st.sampled_from([c.name for c in audit.c if c.nullable]))
@settings(max_examples=20, deadline=None)
def test_emptying_a_column_is_found_too(chain: tuple[Store, Checkpoint], number: int, column: str) -> None:
    this = audit.c.id == number
    with chain[0].state.read() as db:
        was = db.scalar(sa.select(audit.c[column]).where(this))

    def edit(db: sa.Connection) -> None:
        db.execute(sa.update(audit).where(this).values({column: None}))

    assert edited(*chain, edit) == (was is not None)


@given(order=st.permutations(range(1, ROWS + 1)), kept=st.integers(0, ROWS))
@settings(max_examples=60, deadline=None)
def test_any_reordering_and_any_removal_is_found(
    chain: tuple[Store, Checkpoint], order: list[int], kept: int
) -> None:
    def edit(db: sa.Connection) -> None:
        held = [dict(row) for row in db.execute(sa.select(audit).order_by(audit.c.id)).mappings()]
        db.execute(sa.delete(audit))
        for place, number in enumerate(order[:kept], 1):
            db.execute(sa.insert(audit).values(held[number - 1] | {"id": place}))

    same = order[:kept] == list(range(1, ROWS + 1))
    assert edited(*chain, edit) != same


@given(at=st.integers(1, ROWS + 1))
@settings(max_examples=10, deadline=None)
def test_a_copy_put_in_between_is_found(chain: tuple[Store, Checkpoint], at: int) -> None:
    def edit(db: sa.Connection) -> None:
        held = [dict(row) for row in db.execute(sa.select(audit).order_by(audit.c.id)).mappings()]
        db.execute(sa.delete(audit))
        held.insert(at - 1, dict(held[0]))
        for place, row in enumerate(held, 1):
            db.execute(sa.insert(audit).values(row | {"id": place}))

    assert edited(*chain, edit)


@given(before=values, after=values, key=texts, reason=texts)
@settings(max_examples=60, deadline=None)
def test_the_seal_can_be_made_again_by_anyone(
    chain: tuple[Store, Checkpoint], before: dict[str, Any], after: dict[str, Any], key: str, reason: str
) -> None:
    """As docs/audit.md says: SHA-256 of a plain JSON array; and every value comes back as it was."""
    store, _ = chain
    with pytest.raises(Undone), store.state.begin() as db:
        db.execute(sa.delete(audit))
        Audit().append(
            db, store.state.clock.now(), "R9", [entry(key=key, before=before, after=after, reason=reason)]
        )
        (row,) = db.execute(sa.select(audit)).all()
        told = [START, *(row.at.isoformat() if n == "at" else getattr(row, n) for n in COLUMNS[:-2])]
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        assert row.hash == hashlib.sha256(text.encode()).hexdigest()
        assert (json.loads(row.before), json.loads(row.after)) == (before, after)
        raise Undone
