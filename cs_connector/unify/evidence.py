"""What tells who is who: one comparable row for each staged record, and the keys that bring records together.

A row depends on its record alone, except that what too many share is taken out: a key that is crowded, a domain
of companies that have nothing to do with each other. So two records are compared alike whenever they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa

from . import names, places, words
from .models import ACCOUNT, PERSON, Model

EDITION = 2  # counted up when names are read otherwise: everything is compared anew
CROWD = 40  # records with a key in common: more than these say nothing
TENANTS = 4  # companies of different leads on one domain: it belongs to who serves them


@dataclass(frozen=True, slots=True)
class Kind:
    """How an entity is recognised: `said` is a query of what its staged records say, `shown` of how it is compared."""

    entity: str
    prefix: str
    model: Model
    said: tuple[str, ...]
    shown: str

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table `evidence`, with their types."""
        texts = {c: "BOOLEAN" if c == "telling" else "VARCHAR" for c in (*self.model.columns, *self.extra)}
        return {"ref": "VARCHAR", "digest": "UBIGINT", **texts, "keys": "UBIGINT[]"}

    @property
    def extra(self) -> tuple[str, ...]:
        return ("lead",) if self.model is ACCOUNT else ()

    @property
    def edition(self) -> str:
        """Changes when records would be compared otherwise."""
        listed = [
            sorted(v)
            for v in [*vars(words).values(), *vars(places).values()]
            if isinstance(v, frozenset | dict)
        ]
        return hashlib.sha256(repr((EDITION, CROWD, TENANTS, self.model, listed)).encode()).hexdigest()[:16]


def _key(space: str, *parts: str) -> str:
    """A key of what its parts say together; nothing where one is missing."""
    return f"hash('{space}|' || {' || chr(31) || '.join(parts)})"


def _squash(column: str) -> str:
    """Letters and digits only; Latin letters for other scripts."""
    bare = f"strip_accents(lower({column}))"
    return (
        f"nullif(CASE WHEN regexp_full_match({bare}, '[ -~]*') THEN regexp_replace({bare}, '[^a-z0-9]', '', 'g') "
        f"ELSE latin({bare}) END, '')"
    )


# Among records of a country's own domain the place in a name is where they are, and not which part of them it is.
_LOCAL = (
    "CASE WHEN c.home = CASE regexp_extract(d.domain, '[^.]*$') WHEN 'uk' THEN 'gb' ELSE regexp_extract(d.domain, '[^.]*$') END "
    "THEN c.bare ELSE c.core END"
)
_ACCOUNT = (
    f"SELECT s.ref, s.digest, c.core, {_LOCAL} AS local, c.form, c.telling, c.script, d.domain, d.label, coalesce(l.code, "
    f"{_squash('s.country')}) AS country, t.city, p.phone, c.lead, c.initials, c.own, "
    "replace(split_part(c.core, '|', 1), ' ', '') AS whole "
    "FROM fresh s LEFT JOIN company_said c ON c.said = s.name LEFT JOIN domain_said d ON d.said = s.domain "
    "LEFT JOIN phone_said p ON p.said = s.phone LEFT JOIN country_said l ON l.said = s.country "
    "LEFT JOIN city_said t ON t.said = s.city"
)
_ACCOUNT_KEYS = (
    _key("domain", "domain"), _key("slug", "label"), _key("slug", "whole"), _key("initials", "initials"),
    "CASE WHEN length(whole) BETWEEN 3 AND 6 THEN " + _key("initials", "whole") + " END",
    _key("phone", "right(phone, 7)"), _key("start", "left(whole, 5)"), _key("start", "left(label, 5)"),
    "CASE WHEN length(whole) > 6 THEN " + _key("end", "right(whole, 6)") + " END",
    "CASE WHEN length(lead) > 3 THEN " + _key("bones", "regexp_replace(lead, '[aeiouyh]', '', 'g')") + " END",
)  # fmt: skip
_OWN = "list_transform(own, lambda x: hash('word|' || x))"

_WHOLE = "WHEN given_name IS NULL AND family_name IS NULL"  # only the whole name is known
_GIVEN = (
    f"CASE {_WHOLE} AND contains(name, ',') THEN trim(split_part(name, ',', 2)) "
    f"{_WHOLE} AND contains(name, ' ') THEN split_part(trim(name), ' ', 1) ELSE given_name END"
)
_FAMILY = (
    f"CASE {_WHOLE} AND contains(name, ',') THEN trim(split_part(name, ',', 1)) "
    f"{_WHOLE} THEN regexp_extract(trim(name), '([^ ]+)$', 1) ELSE family_name END"
)
_HOUSE = r"'^\s*([0-9]+[a-zA-Z]?)\b'"
_PERSON = (
    f"SELECT s.ref, s.digest, {_squash(_GIVEN)} AS given, {_squash(_FAMILY)} AS family, "
    "CASE WHEN list_contains($roles, split_part(lower(s.email), '@', 1)) THEN NULL ELSE lower(s.email) END AS email, "
    "CASE WHEN list_contains($roles, split_part(lower(s.email), '@', 1)) THEN NULL "
    "ELSE nullif(split_part(lower(s.email), '@', 1), '') END AS mailbox, "
    f"{_squash('s.born_on')} AS born, nullif(lower(regexp_extract(s.street, {_HOUSE}, 1)), '') AS house, "
    f"{_squash(f'regexp_replace(s.street, {_HOUSE}, chr(32))')} AS street, {_squash('s.street_2')} AS line, "
    f"{_squash('s.postal_code')} AS postal, {_squash('s.city')} AS city, {_squash('s.region')} AS region, "
    f"coalesce(l.code, {_squash('s.country')}) AS country, p.phone, s.employer FROM fresh s "
    "LEFT JOIN phone_said p ON p.said = s.phone LEFT JOIN country_said l ON l.said = s.country"
)
_PERSON_KEYS = (
    _key("email", "email"), "CASE WHEN length(mailbox) > 5 THEN " + _key("mailbox", "mailbox") + " END",
    _key("born", "born"), _key("phone", "right(phone, 7)"),
    _key("name", "least(given, family)", "greatest(given, family)"),
    _key("house", "house", "postal"), _key("house", "house", "city"), _key("line", "street"), _key("line", "line"),
    _key("line house", "line", "house"), _key("line city", "line", "city"), _key("line name", "line", "given"),
    _key("start", "left(street, 5)", "house"),
    *(_key(f"name {c}", c, n) for c in ("postal", "city", "house", "employer") for n in ("given", "family")),
)  # fmt: skip


def _shown(query: str, model: Model, extra: tuple[str, ...], keys: Iterable[str], listed: str = "[]") -> str:
    """`query` with its keys as one list without repetition."""
    columns = ", ".join((*model.columns, *extra))
    every = f"list_concat([{', '.join(keys)}], coalesce({listed}, []))"
    return (
        f"SELECT ref, digest, {columns}, list_sort(list_distinct(list_filter({every}, lambda k: k IS NOT NULL))) AS keys "
        f"FROM ({query})"
    )


ACCOUNTS = Kind(
    "account", "acc", ACCOUNT, ("name", "domain", "country", "city", "phone"),
    _shown(_ACCOUNT, ACCOUNT, ("lead",), _ACCOUNT_KEYS, _OWN),
)  # fmt: skip
PEOPLE = Kind(
    "person", "per", PERSON,
    (
        "name", "given_name", "family_name", "email", "phone", "street", "street_2", "city", "postal_code", "region",
        "country", "born_on", "employer",
    ),
    _shown(_PERSON, PERSON, (), _PERSON_KEYS),
)  # fmt: skip
USERS = Kind("user", "usr", PERSON, PEOPLE.said, PEOPLE.shown)
KINDS = (ACCOUNTS, PEOPLE, USERS)


def said(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `said`, one row a staged record: ref, connection, rank, object, record_id, same_ref, parent_ref, what it says, digest.

    Expects `placed` (ref, anchor) of the accounts, for the employers of people.
    """
    staged = {row[0] for row in con.execute(f"DESCRIBE stage_{kind.entity}").fetchall()}
    told = [c for c in kind.said if c != "employer"]
    columns = ", ".join(f"s.{c}" if c in staged else f"CAST(NULL AS VARCHAR) AS {c}" for c in told)
    employed = "employer" in kind.said and "account_id" in staged
    employer = ", e.anchor AS employer" if employed else ", CAST(NULL AS VARCHAR) AS employer"
    join = "LEFT JOIN placed e ON e.ref = s.account_id" if employed else ""
    parent = "s.parent_id" if "parent_id" in staged else "CAST(NULL AS VARCHAR)"
    hashed = ", ".join(f"coalesce({c}, chr(30))" for c in ("same_ref", "parent_ref", *kind.said))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS SELECT *, hash(concat_ws(chr(31), '{kind.edition}', {hashed})) AS digest "
        f"FROM (SELECT s.connection || '|' || s.object || '|' || s.record_id AS ref, s.connection, s.rank, s.object, "
        f"s.record_id, s.same_ref, {parent} AS parent_ref, {columns}{employer if 'employer' in kind.said else ''} "
        f"FROM stage_{kind.entity} s {join} WHERE s.adds_ref IS NULL)"
    )


def gather(con: duckdb.DuckDBPyConnection, kind: Kind, before: str) -> None:
    """Make `evidence` of every record of `said`, and `touched`: the refs that are new, gone, or compared otherwise than `before`.

    `before` is a table as `evidence` with the column `shape`, from the last run.
    """
    columns = list(kind.columns)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT s.* FROM said s ANTI JOIN {before} b ON b.ref = s.ref AND b.digest = s.digest"
    )
    _translate(con, kind)
    kept = f"SELECT {', '.join('b.' + c for c in columns)} FROM {before} b SEMI JOIN said s ON s.ref = b.ref AND s.digest = b.digest"
    con.execute(f"CREATE OR REPLACE TEMP TABLE bare AS {kept}")
    shown = f"INSERT INTO bare SELECT {', '.join(columns)} FROM ({kind.shown})"
    con.execute(shown, {"roles": sorted(words.ROLES)} if "$roles" in kind.shown else {})
    _thin(con, kind)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT coalesce(e.ref, b.ref) AS ref, e.ref IS NULL AS gone "
        f"FROM evidence e FULL JOIN {before} b ON b.ref = e.ref WHERE e.shape IS DISTINCT FROM b.shape"
    )


def _thin(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`evidence` is `bare` without crowded keys and shared domains, with `shape`: what a comparison can see of a row."""
    domain = "FALSE"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE crowded AS SELECT k FROM (SELECT unnest(keys) AS k FROM bare) "
        f"GROUP BY k HAVING count(*) > {CROWD}"
    )
    if kind.model is ACCOUNT:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE let AS SELECT domain FROM bare WHERE domain IS NOT NULL GROUP BY domain "
            f"HAVING count(DISTINCT lead) >= {TENANTS}"
        )
        domain = "domain IN (SELECT domain FROM let)"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE full_of AS SELECT ref, list(k) AS gone FROM (SELECT ref, unnest(keys) AS k FROM bare) "
        "SEMI JOIN crowded USING (k) GROUP BY ref"
    )
    keys = "CASE WHEN f.gone IS NULL THEN b.keys ELSE list_filter(b.keys, lambda k: NOT list_contains(f.gone, k)) END"
    shared = f"REPLACE (CASE WHEN {domain} THEN NULL ELSE domain END AS domain, CASE WHEN {domain} THEN NULL ELSE label END AS label)"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE evidence AS SELECT *, hash(digest, keys, "
        f"{'domain' if kind.model is ACCOUNT else 'NULL'}) AS shape FROM "
        f"(SELECT b.* EXCLUDE (keys) {shared if kind.model is ACCOUNT else ''}, {keys} AS keys "
        "FROM bare b LEFT JOIN full_of f USING (ref))"
    )


def _translate(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Tables of what the texts of `fresh` mean: `phone_said`, `country_said` and, for accounts, `company_said`, `domain_said`."""
    _meaning(con, "phone", {"phone": pa.string()}, lambda text: (names.phone(text),))
    _meaning(con, "country", {"code": pa.string()}, lambda text: (names.country(text),))
    if kind.model is not ACCOUNT:
        return
    shape = {
        "core": pa.string(),
        "telling": pa.bool_(),
        "script": pa.string(),
        "lead": pa.string(),
        "initials": pa.string(),
        "own": pa.list_(pa.string()),
        "home": pa.string(),
        "bare": pa.string(),
        "form": pa.string(),
    }
    _meaning(con, "company", shape, _spoken, column="name")
    _meaning(con, "city", {"city": pa.string()}, lambda text: (names.town(text) or None,))
    _meaning(con, "domain", {"domain": pa.string(), "label": pa.string()}, lambda text: _domains().of(text))


@cache
def _domains() -> names.Domains:
    return names.Domains()


def _spoken(text: str) -> tuple[object, ...]:
    found = names.company(text)
    told = (found.core, found.telling, found.script, found.lead, found.initials, list(found.own))
    return (*told, found.home, found.bare, found.form)


def _meaning(
    con: duckdb.DuckDBPyConnection,
    name: str,
    shape: dict[str, pa.DataType],
    meaning: Callable[[str], tuple[object, ...]],
    column: str | None = None,
) -> None:
    """Make `<name>_said` (said and the columns of `shape`) of the distinct texts of a column of `fresh`."""
    source = column or name
    texts = [
        row[0]
        for row in con.execute(f"SELECT DISTINCT {source} FROM fresh WHERE {source} IS NOT NULL").fetchall()
    ]
    found = [meaning(text) for text in texts]
    columns = {"said": pa.array(texts, pa.string())}
    for index, (label, type_) in enumerate(shape.items()):
        columns[label] = pa.array([row[index] for row in found], type_)
    con.register("meaning", pa.table(columns))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_said AS SELECT * FROM meaning")
    con.unregister("meaning")
