"""Whatever the order in which records come: the groups are those of all at once, and ids stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_connector.unify import crowds, identity, layers, unopposed
from cs_connector.unify.clusters import Clusters, Edge, Record
from cs_connector.unify.evidence import ACCOUNTS
from tests.quality import kit

pytestmark = pytest.mark.slow

CORES = (
    "Ember Retail",
    "Ember",
    "Ember North",
    "Ember South",
    "Nordwind",
    "Nordwnd",
    "Acme Tools",
    "Acme Foods",
)
NAMES = st.builds(" ".join, st.tuples(st.sampled_from(CORES), st.sampled_from(("", "Ltd", "Inc.", "GmbH"))))
DOMAINS = st.sampled_from((None, "ember.example", "nordwind.example", "acme.example", "gmail.com"))
SYSTEMS = st.sampled_from(("sales", "marketing", "service"))
Rows = list[dict[str, str | None]]
State = dict[str, Rows]
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"system": SYSTEMS, "name": NAMES, "domain": DOMAINS, "country": st.sampled_from((None, "DE", "FR"))}
    ),
    min_size=2,
    max_size=9,
)
EMPLOYERS = st.sampled_from((None, *(f"{s}|account|r{n}" for s in ("sales", "marketing") for n in range(3))))
MAILS = st.sampled_from((None, "ada@ember.example", "a.berg@ember.example"))
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "system": SYSTEMS,
            "name": st.sampled_from(("Ada Berg", "Ada Bergh", "Carl Dahl")),
            "email": MAILS,
            "account_id": EMPLOYERS,
        }
    ),
    max_size=6,
)
ROWS = {"account": RECORDS, "person": PEOPLE}


def numbered(records: Iterable[dict[str, str | None]]) -> Rows:
    return [{"record": f"r{n}", **record} for n, record in enumerate(records)]


def world() -> duckdb.DuckDBPyConnection:
    con = kit.executor()
    con.execute("CREATE TABLE distinct_object(entity VARCHAR, connection VARCHAR, object VARCHAR)")
    con.execute("INSERT INTO distinct_object VALUES ('account', 'sales', 'account')")
    return con


def arrive(con: duckdb.DuckDBPyConnection, state: State) -> None:
    """Stage what is there now, and link with what the last run left."""
    for entity, rows in state.items():
        con.execute(f"DELETE FROM stage_{entity}")
        if rows:
            kit.stage(con, entity, rows)
    identity.resolve(con, kit.AS_OF)


def carry(con: duckdb.DuckDBPyConnection) -> None:
    for table in identity.left(con):
        con.execute(f"CREATE OR REPLACE TABLE before_{table} AS SELECT * FROM after_{table}")
    con.execute("CREATE OR REPLACE TABLE previous_link AS SELECT * FROM resolved")


def proposed(con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, str]:
    return dict(con.execute(f"SELECT ref, anchor FROM now_{entity}").fetchall())


def standing(con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, str]:
    return dict(
        con.execute("SELECT record_id, entity_id FROM resolved WHERE entity = ?", [entity]).fetchall()
    )


def history(data: st.DataObject, state: State) -> Iterator[State]:
    """Three days: records come on one of them, some say something else before, others are gone on the last; then `state`."""
    others = {entity: data.draw(ROWS[entity]) for entity in state}
    days: dict[str, list[int]] = {e: [data.draw(st.integers(0, 2)) for _ in state[e]] for e in state}
    for today in range(3):
        yield {
            e: [row for row, day in zip(rows, days[e], strict=True) if day <= today]
            + [
                {**other, "record": row["record"], "system": row["system"]}
                for other, row, day in zip(others[e], rows, days[e], strict=False)
                if today < day and today < 2
            ]
            + [{**other, "record": f"x{n}"} for n, other in enumerate(others[e]) if today == 1]
            for e, rows in state.items()
        }


@given(RECORDS, PEOPLE, st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize(("many", "crowd"), [(8, 40), (0, 2)])
def test_what_comes_day_by_day_is_grouped_as_if_it_had_come_at_once(
    many: int, crowd: int, records: Rows, people: Rows, data: st.DataObject
) -> None:
    state: State = {"account": numbered(records), "person": numbered(people)}
    with pytest.MonkeyPatch.context() as patch, world() as once, world() as bit_by_bit:
        patch.setattr(layers, "MANY", many)
        patch.setattr(crowds, "CROWD", crowd)
        patch.setattr(crowds, "TENANTS", crowd)
        arrive(once, state)
        for day in history(data, state):
            arrive(bit_by_bit, day)
            carry(bit_by_bit)
        for entity in state:
            assert proposed(bit_by_bit, entity) == proposed(once, entity)
            query = f"SELECT * FROM now_{entity}_pair ORDER BY ALL"
            assert bit_by_bit.execute(query).fetchall() == once.execute(query).fetchall()
            waiting = "SELECT ref FROM after_pending_split WHERE entity = ?"
            found, whole = (_parts(standing(con, entity)) for con in (bit_by_bit, once))
            if not bit_by_bit.execute(waiting, [entity]).fetchall():
                assert found == whole
            else:
                assert _coarser(found, whole)


def _parts(found: dict[str, str]) -> set[frozenset[str]]:
    parts: dict[str, set[str]] = defaultdict(set)
    for record, entity in found.items():
        parts[entity].add(record)
    return {frozenset(part) for part in parts.values()}


def _coarser(found: set[frozenset[str]], fine: set[frozenset[str]]) -> bool:
    return all(any(part <= whole for whole in found) for part in fine)


REFS = "abcdefg"
EDGES = st.lists(
    st.builds(
        lambda pair, weight: Edge(min(pair), max(pair), weight, 0.95, "name"),
        st.sets(st.sampled_from(REFS), min_size=2, max_size=2),
        st.sampled_from((4.0, 5.0, 9.0, 15.0, 1000.0)),
    ),
    max_size=12,
    unique_by=lambda e: (e.one, e.other),
)


@given(EDGES, st.sets(st.sampled_from(REFS)), st.sets(st.sampled_from(REFS), max_size=2), st.randoms())
def test_groups_depend_on_the_pairs_and_keep_apart_what_is_apart(
    edges: list[Edge], own: set[str], apart: set[str], rng: object
) -> None:
    records = {ref: Record(ref, "abc".find(ref) + 1, "sales account" if ref in own else None) for ref in REFS}
    pairs = [tuple(sorted(apart))] if len(apart) == 2 else []
    found = Clusters(records, edges, pairs).group()
    mixed = list(edges)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    turned = dict(reversed(records.items()))
    assert Clusters(turned, mixed, [(b, a) for a, b in pairs]).group().of == found.of
    for part in _parts(found.of):
        assert len(part & own) <= 1
        assert not pairs or not set(pairs[0]) <= part


SAID = st.tuples(
    st.integers(1, 3),
    st.sampled_from((None, None, "sales account")),
    st.sampled_from((None, "a.example", "b.example")),
    st.sampled_from((None, "ember|ember", "ember north|ember")),
)


@given(
    EDGES, st.lists(SAID, min_size=len(REFS), max_size=len(REFS)), st.sets(st.sampled_from(REFS), max_size=2)
)
@settings(max_examples=25, deadline=None)
def test_what_is_grouped_at_once_is_grouped_as_one_by_one(
    edges: list[Edge], said: list[tuple[int, str | None, str | None, str | None]], apart: set[str]
) -> None:
    records = {ref: Record(ref, *how) for ref, how in zip(REFS, said, strict=True)}
    paired = {ref for e in edges for ref in e[:2]}
    pairs = [tuple(sorted(apart))] if len(apart) == 2 else []
    found = Clusters({ref: records[ref] for ref in sorted(paired)}, edges, pairs).group()
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE strong(one VARCHAR, other VARCHAR, weight DOUBLE, probability DOUBLE, method VARCHAR, evidence VARCHAR)"
        )
        con.execute(
            "CREATE TABLE candidate(ref VARCHAR, rank INTEGER, distinct_group VARCHAR, domain VARCHAR, core VARCHAR, form VARCHAR)"
        )
        con.execute("CREATE TABLE apart(one VARCHAR, other VARCHAR)")
        for table, rows in (
            ("strong", edges),
            ("candidate", [records[r] for r in sorted(paired)]),
            ("apart", pairs),
        ):
            for row in rows:
                con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", list(row))
        unopposed.settle(con, ACCOUNTS)
        settled = con.execute("SELECT ref, anchor, method, probability, evidence FROM settled").fetchall()
        disputed = {row[0] for row in con.execute("SELECT ref FROM disputed").fetchall()}
    assert {row[0] for row in settled} == paired - disputed
    for ref, anchor, *how in settled:
        by = found.by.get(ref)
        assert anchor == found.of[ref]
        assert how == ([by.method, by.probability, by.evidence] if by else ["itself", 1.0, ""])
    assert all(set(c.edge[:2]) <= disputed for c in found.conflicts)
