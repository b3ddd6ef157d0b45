"""Who gets the tasks: the first active user of the places that are declared, for all or for a type of relationship."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import duckdb

from .relations.rulebook import Owner, Rulebook
from .sql import literal

# place → the user who is there, and how that is called
_PLACES: dict[Owner, tuple[str, str]] = {
    "partner": ("coalesce(pc.user_id, pt.user_id, po.user_id)", "partner manager"),
    "relationship": ("o.user_id", "relationship"),
    "csm": ("c.user_id", "CSM field"),
    "team": ("t.user_id", "account team"),
    "parent": ("up.user_id", "CSM of the parent"),
    "account_owner": ("s.user_id", "account owner"),
    "fallback": ("f.user_id", "fallback"),
}

# the active CSM of the nearest account above that has one
_ABOVE = """CREATE OR REPLACE TEMP TABLE above AS WITH RECURSIVE climbed(account_id, parent_id, user_id) AS (
SELECT account_id, parent_id, NULL::VARCHAR FROM account WHERE parent_id IS NOT NULL UNION ALL
SELECT c.account_id, p.parent_id, coalesce(f.user_id, t.user_id) FROM climbed c JOIN account p ON p.account_id = c.parent_id
LEFT JOIN able f ON f.user_id = p.csm_user_id LEFT JOIN able t ON t.user_id = p.team_csm_user_id WHERE c.user_id IS NULL)
SELECT account_id, user_id FROM climbed WHERE user_id IS NOT NULL"""

_FOUND = """CREATE OR REPLACE TEMP TABLE chosen AS SELECT r.relationship_id, {owner} AS owner, {source} AS source,
s.user_id AS sales, m.user_id AS manager
FROM relationship r LEFT JOIN account a ON a.account_id = r.account_id
LEFT JOIN above up ON up.account_id = r.account_id
LEFT JOIN account p ON p.account_id = r.partner_account_id
LEFT JOIN able pc ON pc.user_id = p.csm_user_id LEFT JOIN able pt ON pt.user_id = p.team_csm_user_id
LEFT JOIN able po ON po.user_id = p.owner_user_id
LEFT JOIN able o ON o.user_id = r.owner_user_id LEFT JOIN able c ON c.user_id = a.csm_user_id
LEFT JOIN able t ON t.user_id = a.team_csm_user_id
LEFT JOIN able s ON s.user_id = a.owner_user_id LEFT JOIN able m ON m.user_id = r.renewal_manager_user_id
LEFT JOIN (SELECT min(user_id) AS user_id FROM able WHERE lower($fallback) IN (email, name)) f ON TRUE"""


def assign(con: duckdb.DuckDBPyConnection, book: Rulebook, fallback: str | None) -> None:
    """Set `owner_user_id`, `owner_source` and `sales_owner_user_id` of relationships; drop inactive renewal managers.

    Only active users are chosen; `fallback` is the e-mail address or the name of a user, or of a queue that is read as one. An inactive owner that was
    passed over shows in `unowned` (relationship_id, user_id), for the weekly digest.
    """
    special = {name: t.owner for name, t in sorted(book.types.items()) if t.owner}
    con.execute(
        "CREATE OR REPLACE TABLE unowned AS SELECT r.relationship_id, u.user_id FROM relationship r "
        f'LEFT JOIN account a USING (account_id) JOIN "user" u ON u.user_id = {_by_type(special, book.owner, _wanted)} '
        "WHERE u.active = FALSE AND r.status <> 'Ended'"
    )
    con.execute(
        'CREATE OR REPLACE TEMP TABLE able AS SELECT user_id, lower(email) AS email, lower(name) AS name FROM "user" WHERE active IS NOT FALSE'
    )
    con.execute(_ABOVE)
    owner = _by_type(special, book.owner, _first)
    source = _by_type(special, book.owner, _called)
    con.execute(_FOUND.format(owner=owner, source=source), {"fallback": fallback})
    con.execute(
        "UPDATE relationship SET owner_user_id = c.owner, owner_source = c.source, sales_owner_user_id = c.sales, "
        "renewal_manager_user_id = c.manager FROM chosen c WHERE c.relationship_id = relationship.relationship_id"
    )


def _by_type(
    special: Mapping[str, Sequence[Owner]], all_: Sequence[Owner], how: Callable[[Sequence[Owner]], str]
) -> str:
    whens = " ".join(f"WHEN r.type = {literal(name)} THEN {how(places)}" for name, places in special.items())
    return f"CASE {whens} ELSE {how(all_)} END" if whens else how(all_)


def _wanted(places: Sequence[Owner]) -> str:
    """Who would own it, active or not: of the relationship, or the CSM, where an owner is looked for there."""
    asked = {"relationship": "r.owner_user_id", "csm": "a.csm_user_id"}
    return f"coalesce({', '.join([*(who for place, who in asked.items() if place in places), 'NULL'])}, NULL)"


def _first(places: Sequence[Owner]) -> str:
    return f"coalesce({', '.join(_PLACES[p][0] for p in places)}, NULL)"


def _called(places: Sequence[Owner]) -> str:
    whens = " ".join(f"WHEN {_PLACES[p][0]} IS NOT NULL THEN {literal(_PLACES[p][1])}" for p in places)
    return f"CASE {whens} END"
