"""Who is believed of an attribute on which systems disagree, from `precedence.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from cs_connector.config.documents import load, suggest, validate
from cs_connector.model import CUSTOM, ENTITIES
from cs_connector.unify.sql import ident, literal

FILE = "precedence.yml"
MERGED = ("account", "person", "user")  # of which several systems know the same one


Settled = Literal["arr", "seats", "features_bought", "renewal_on", "notice_on", "owner_user_id", "region"]


class PrecedenceFile(BaseModel):
    """By entity and attribute the connections that are believed first, in this order.

    Of a `relationship`, which several systems can tell of, an attribute that stands here is that of one system alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    account: dict[str, tuple[str, ...]] = {}
    person: dict[str, tuple[str, ...]] = {}
    user: dict[str, tuple[str, ...]] = {}
    relationship: dict[Settled, tuple[str, ...]] = {}
    listed: tuple[str, ...] = ("name", "owner_user_id", "csm_user_id", "renewal_on", "arr", "currency")
    """Attributes of accounts of which every disagreement is listed, besides those that stand above."""


@dataclass(frozen=True, slots=True)
class Precedence:
    """`believed` has for (entity, attribute) the connections that come before all others; `listed` are attributes
    of accounts of which disagreements are listed. `settled` has the same as `believed` for relationships.
    """

    believed: Mapping[tuple[str, str], tuple[str, ...]]
    listed: tuple[str, ...]
    settled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def order(self, entity: str, attribute: str) -> str:
        """SQL by which to sort what records say: the smallest is believed."""
        first = self.believed.get((entity, attribute), ())
        if not first:
            return "rank"
        cases = " ".join(f"WHEN {literal(name)} THEN {n - len(first)}" for n, name in enumerate(first))
        return f"CASE connection {cases} ELSE rank END"

    def place(self, entity: str, attribute: str, connection: str, rank: int) -> int:
        """The same for one connection."""
        first = self.believed.get((entity, attribute), ())
        return first.index(connection) - len(first) if connection in first else rank


NOTHING = Precedence({}, PrecedenceFile(version=1).listed)


def load_precedence(folders: Iterable[Path], connections: Sequence[str]) -> Precedence:
    """What the first folder says that has the file. Raises ConfigError with file and line."""
    path = next((folder / FILE for folder in folders if (folder / FILE).exists()), None)
    if path is None:
        return NOTHING
    document = load(path)
    told = validate(PrecedenceFile, document)
    for entity in MERGED:
        for attribute, names in getattr(told, entity).items():
            if wrong := _wrong(entity, attribute, names, connections):
                raise document.error((entity, attribute), wrong[0], fix=wrong[1])
    for name, names in told.relationship.items():
        if wrong := _unknown(names, connections):
            raise document.error(("relationship", name), wrong[0], fix=wrong[1])
    for attribute in told.listed:
        if wrong := _wrong("account", attribute, (), connections):
            raise document.error(("listed",), wrong[0], fix=wrong[1])
    believed = {(e, attribute): names for e in MERGED for attribute, names in getattr(told, e).items()}
    return Precedence(believed, told.listed, {str(n): names for n, names in told.relationship.items()})


def _wrong(
    entity: str, attribute: str, names: Sequence[str], connections: Sequence[str]
) -> tuple[str, str] | None:
    known = [c.name for c in ENTITIES[entity].columns[1:] if c.name != CUSTOM]
    if attribute not in known:
        return f"{entity}.{attribute} is not an attribute", suggest(
            attribute, known
        ) or f"known: {', '.join(known)}"
    return _unknown(names, connections)


def _unknown(names: Sequence[str], connections: Sequence[str]) -> tuple[str, str] | None:
    for name in names:
        if name not in connections:
            fix = suggest(name, connections) or f"known: {', '.join(connections)}"
            return f"there is no connection called {name!r}", fix
    return None


def compare(con: duckdb.DuckDBPyConnection, precedence: Precedence) -> None:
    """Fill `disagreement` with what was not believed of accounts: account_id, attribute, connection, object, record_id, value,
    and `believed`, what counts and its `believed_connection`.

    Expects `placed`: what every record says of the account that it is of.
    """
    con.execute(
        "CREATE OR REPLACE TABLE disagreement(account_id VARCHAR, attribute VARCHAR, connection VARCHAR, object VARCHAR, "
        "record_id VARCHAR, value VARCHAR, believed VARCHAR, believed_connection VARCHAR)"
    )
    for name in _shared(con, precedence):
        con.execute(f"INSERT INTO disagreement {_of(name, precedence.order('account', name))}")


def _shared(con: duckdb.DuckDBPyConnection, precedence: Precedence) -> list[str]:
    """Those attributes of which more than one connection says something."""
    columns = {c.name for c in ENTITIES["account"].columns}
    wanted = sorted(
        columns & ({a for e, a in precedence.believed if e == "account"} | set(precedence.listed))
    )
    if not wanted:
        return []
    counts = ", ".join(f"count(DISTINCT connection) FILTER ({ident(name)} IS NOT NULL)" for name in wanted)
    (found,) = con.execute(f"SELECT {counts} FROM placed").fetchall()
    return [name for name, count in zip(wanted, found, strict=True) if count > 1]


def _of(name: str, order: str) -> str:
    """An upper-case letter or a blank more is no disagreement."""
    told = (
        f"SELECT entity_id, connection, object, record_id, CAST({ident(name)} AS VARCHAR) AS value, {order} AS place, adds_ref IS NOT NULL AS adds "
        f"FROM placed WHERE entity_id IS NOT NULL AND {ident(name)} IS NOT NULL"
    )
    return (
        f"WITH told AS MATERIALIZED ({told}), first AS (SELECT entity_id, arg_min(value, (place, adds, record_id, object)) AS believed, "
        "arg_min(connection, (place, adds, record_id, object)) AS believed_connection FROM told SEMI JOIN (SELECT entity_id FROM told "
        "GROUP BY entity_id HAVING min(value) <> max(value)) s USING (entity_id) GROUP BY entity_id) "
        f"SELECT entity_id, {literal(name)}, connection, object, record_id, value, believed, believed_connection "
        "FROM told JOIN first USING (entity_id) "
        "WHERE lower(trim(value)) <> lower(trim(believed)) AND connection <> believed_connection"
    )
