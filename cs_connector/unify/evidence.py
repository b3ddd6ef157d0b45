"""What tells who is who: one comparable row for each staged record, and the keys that bring records together.

A row depends on its record alone; what too many share is taken out later, by `crowds`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

from . import names
from .filling import fill
from .levels import Model
from .lexicon import given, places, trades, words
from .models import ACCOUNT, PERSON

EDITION = 5  # counted up when names are read otherwise: everything is compared anew
CROWD = 40  # records with a key in common: more than these say nothing
TENANTS = 4  # companies of different leads on one domain: it belongs to who serves them
STRANGERS = 2  # companies of which the domain says nothing, beside one: it serves them, too


@dataclass(frozen=True, slots=True)
class Kind:
    """How an entity is recognised: `said` is a query of what its staged records say, `shown` of how it is compared."""

    entity: str
    prefix: str
    model: Model
    said: tuple[str, ...]
    shown: str

    @property
    def form(self) -> dict[str, str]:
        """What is compared of a record and brings it together with others: the columns of `bare`, with their types."""
        texts = {c: "BOOLEAN" if c == "telling" else "VARCHAR" for c in (*self.model.columns, *self.extra)}
        return {"digest": "UBIGINT", **texts, "keys": "UBIGINT[]"}

    @property
    def extra(self) -> tuple[str, ...]:
        return ("lead",) if self.model is ACCOUNT else ()

    @property
    def edition(self) -> str:
        """Changes when records would be compared otherwise."""
        listed = [
            sorted(v)
            for v in [
                *vars(words).values(),
                *vars(places).values(),
                *vars(trades).values(),
                *vars(given).values(),
            ]
            if isinstance(v, frozenset | dict)
        ]
        told = (EDITION, CROWD, TENANTS, STRANGERS, duckdb.__version__, self.model, listed)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _key(space: str, *parts: str) -> str:
    """A key of what its parts say together; nothing where one is missing."""
    text = f"'{space}|' || {' || chr(31) || '.join(parts)}"
    return f"CASE WHEN {' AND '.join(f'{part} IS NOT NULL' for part in parts)} THEN hash({text}) END"


def _squash(column: str) -> str:
    """Letters and digits only; Latin letters for other scripts."""
    low, bare = f"lower({column})", f"strip_accents(lower({column}))"
    return (
        f"nullif(CASE WHEN regexp_full_match({low}, '[a-z0-9]*') THEN {low} "
        f"WHEN regexp_full_match({bare}, '[ -~]*') THEN regexp_replace({bare}, '[^a-z0-9]', '', 'g') ELSE latin({bare}) END, '')"
    )


# Among records of a country's own domain the place in a name is where they are, and not which part of them it is.
_LOCAL = (
    "CASE WHEN c.home = CASE regexp_extract(d.domain, '[^.]*$') WHEN 'uk' THEN 'gb' ELSE regexp_extract(d.domain, '[^.]*$') END "
    "THEN c.bare ELSE c.spoken END"
)
# In a name in English a form that the country does not have is a translation.
_FORM = (
    f"CASE WHEN c.form IN ('ltd', 'inc', 'llc') AND coalesce(l.code, '') IN ({', '.join(map(repr, sorted(places.WITHOUT_LTD)))}) "
    "THEN NULL ELSE c.form END"
)
_ACCOUNT = (
    f"SELECT s.ref, s.digest, c.core, c.spoken, {_LOCAL} AS local, {_FORM} AS form, c.telling, c.script, d.domain, d.label, coalesce(l.code, "
    f"{_squash('s.country')}) AS country, t.city, p.phone, c.raw, c.lead, c.initials, c.own, "
    "replace(split_part(c.core, '|', 1), ' ', '') AS whole "
    "FROM fresh s LEFT JOIN company_said c ON c.said = s.name LEFT JOIN domain_said d ON d.said = s.domain "
    "LEFT JOIN phone_said p ON p.said = s.phone LEFT JOIN country_said l ON l.said = s.country "
    "LEFT JOIN city_said t ON t.said = s.city"
)
_ACCOUNT_KEYS = (
    _key("domain", "domain"), _key("slug", "label"), _key("slug", "whole"), _key("slug", "replace(raw, ' ', '')"), _key("initials", "initials"),
    "CASE WHEN length(whole) BETWEEN 3 AND 6 THEN " + _key("initials", "whole") + " END",
    _key("phone", "right(phone, 7)"), _key("start", "left(whole, 5)"), _key("start", "left(label, 5)"),
    "CASE WHEN length(whole) > 6 THEN " + _key("end", "right(whole, 6)") + " END",
    "CASE WHEN length(lead) > 3 THEN " + _key("bones", "regexp_replace(lead, '[aeiouyh]', '', 'g')") + " END",
)  # fmt: skip
_OWN = "list_transform(own, lambda x: hash('word|' || x))"


def _spelt(column: str) -> str:
    """Letters and digits of a name, one spelling for umlauts: Mueller, Müller."""
    return f"regexp_replace({_squash(column)}, '([aou])e', '\\1', 'g')"


_WHOLE = "WHEN given_name IS NULL AND family_name IS NULL"  # only the whole name is known
_GIVEN = (
    f"CASE {_WHOLE} AND contains(name, ',') THEN trim(split_part(name, ',', 2)) "
    f"{_WHOLE} AND contains(name, ' ') THEN split_part(trim(name), ' ', 1) ELSE given_name END"
)
_FAMILY = (
    f"CASE {_WHOLE} AND contains(name, ',') THEN trim(split_part(name, ',', 1)) "
    f"{_WHOLE} THEN split_part(trim(name), ' ', -1) ELSE family_name END"
)
# A mailbox is the same with a tag behind a plus, and at Google with dots.
_BOX = "regexp_replace(split_part(lower(trim(s.email)), '@', 1), '\\+.*$', '')"
_AT = "split_part(lower(trim(s.email)), '@', 2)"
_MAILBOX = f"CASE WHEN {_AT} IN ('gmail.com', 'googlemail.com') THEN replace({_BOX}, '.', '') ELSE {_BOX} END"
_HOUSE = r"'^\s*([0-9]+[a-zA-Z]?)\b'"
# Neither a box of a desk nor one of its tags is anybody's: accounts.payable, support+north.
_ROLE = f"list_has_any($roles, [{_BOX}, regexp_replace({_BOX}, '[^a-z]', '', 'g')])"
_PERSON = (
    "SELECT s.ref, s.digest, s.given, coalesce(n.called, s.given) AS called, s.family, "
    f"CASE WHEN NOT {_ROLE} THEN {_MAILBOX} || '@' || {_AT} END AS email, "
    f"CASE WHEN NOT {_ROLE} THEN nullif({_MAILBOX}, '') END AS mailbox, "
    f"{_squash('s.born_on')} AS born, nullif(lower(regexp_extract(s.street, {_HOUSE}, 1)), '') AS house, "
    f"{_squash(f'regexp_replace(s.street, {_HOUSE}, chr(32))')} AS street, {_squash('s.street_2')} AS line, "
    f"{_squash('s.postal_code')} AS postal, {_squash('s.city')} AS city, {_squash('s.region')} AS region, "
    f"coalesce(l.code, {_squash('s.country')}) AS country, p.phone, s.employer "
    f"FROM (SELECT *, {_spelt('first')} AS given, {_spelt('last')} AS family "
    f"FROM (SELECT *, {_GIVEN} AS first, {_FAMILY} AS last FROM fresh)) s LEFT JOIN called_said n ON n.said = s.given "
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
    return f"SELECT ref, digest, {columns}, list_sort(list_distinct({every})) AS keys FROM ({query})"


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


def show(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `bare` (ref and the columns of `form`), one row for each of `fresh`: what records say, with `digest` and `employer`."""
    _translate(con, kind)
    roles = {"roles": sorted(words.ROLES)} if "$roles" in kind.shown else {}
    columns = ", ".join(("ref", *kind.form))
    con.execute(f"CREATE OR REPLACE TEMP TABLE bare AS SELECT {columns} FROM ({kind.shown})", roles)


def _translate(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Tables of what the texts of `fresh` mean: `phone_said`, `country_said` and, for accounts, `company_said`, `domain_said`."""
    _meaning(con, "phone", {"phone": "VARCHAR"}, lambda text: (names.phone(text),))
    _meaning(con, "country", {"code": "VARCHAR"}, lambda text: (names.country(text),))
    if kind.model is not ACCOUNT:
        fill(con, "called_said", {"said": "VARCHAR", "called": "VARCHAR"}, given.SHORT.items())
        return
    shape = {
        "core": "VARCHAR",
        "spoken": "VARCHAR",
        "telling": "BOOLEAN",
        "script": "VARCHAR",
        "lead": "VARCHAR",
        "initials": "VARCHAR",
        "own": "VARCHAR[]",
        "home": "VARCHAR",
        "bare": "VARCHAR",
        "form": "VARCHAR",
        "raw": "VARCHAR",
    }
    _meaning(con, "company", shape, _spoken, column="name")
    _meaning(con, "city", {"city": "VARCHAR"}, lambda text: (names.town(text) or None,))
    _meaning(con, "domain", {"domain": "VARCHAR", "label": "VARCHAR"}, lambda text: _domains().of(text))


@cache
def _domains() -> names.Domains:
    return names.Domains()


def _spoken(text: str) -> tuple[object, ...]:
    found = names.company(text)
    told = (
        found.core,
        found.spoken,
        found.telling,
        found.script,
        found.lead,
        found.initials,
        list(found.own),
    )
    return (*told, found.home, found.bare, found.form, found.raw)


def _meaning(
    con: duckdb.DuckDBPyConnection,
    name: str,
    shape: Mapping[str, str],
    meaning: Callable[[str], tuple[object, ...]],
    column: str | None = None,
) -> None:
    """Make `<name>_said` (said and the columns of `shape`) of the distinct texts of a column of `fresh`."""
    source = column or name
    texts = con.execute(f"SELECT DISTINCT {source} FROM fresh WHERE {source} IS NOT NULL").fetchall()
    fill(con, f"{name}_said", {"said": "VARCHAR", **shape}, ((text, *meaning(text)) for (text,) in texts))
