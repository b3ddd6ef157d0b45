"""Steps count a row for the relationships that it is attached to, and for no other."""

from __future__ import annotations

import duckdb

from cs_connector.language.compiler import compile_steps
from cs_connector.language.executor import sql
from cs_connector.language.steps import Step
from cs_connector.model import ATTACHMENT, TICKET

COUNT = [
    Step.model_validate({"fetch": "ticket"}),
    Step.model_validate({"aggregate": {"totals": {"n": {"take": "count"}}}}),
]


def test_an_attached_ticket_counts_where_it_is_attached_and_the_others_by_product_or_for_all() -> None:
    with duckdb.connect() as con:
        for entity in (TICKET, ATTACHMENT):
            columns = ", ".join(f'"{c.name}" {c.type}' for c in entity.columns)
            con.execute(f"CREATE TABLE {entity.name}({columns})")
        con.execute("CREATE TABLE grid AS SELECT DATE '2026-11-25' AS on_date")
        con.execute(
            "CREATE TABLE scope AS SELECT r, 'r' || r AS relationship_id, 'a' AS account_id, product "
            "FROM (VALUES (1, 'P'), (2, 'Q'), (3, 'R')) t(r, product)"
        )
        con.execute(
            "INSERT INTO ticket(ticket_id, account_id, product) VALUES ('1', 'a', 'P'), ('2', 'a', 'P'), ('3', 'a', NULL), ('4', 'a', NULL)"
        )
        query = f"SELECT r, n::INT FROM ({sql(compile_steps(COUNT).query)}) ORDER BY r"
        assert con.execute(query).fetchall() == [(1, 4), (2, 2), (3, 2)]
        con.execute(
            "INSERT INTO attachment VALUES ('ticket', '1', 'r2', ''), ('ticket', '1', 'r3', ''), ('ticket', '3', 'r3', ''), "
            "('usage', '4', 'r1', '')"
        )
        assert con.execute(query).fetchall() == [(1, 2), (2, 2), (3, 3)]
