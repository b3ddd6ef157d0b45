"""What customers said of a ticket reaches the answers in both of Zendesk's forms."""

from __future__ import annotations

from importlib.resources import as_file, files

import duckdb
import pytest

from cs_connector.unify import Source, load_mapping

from .unify_kit import Records, con, rows, run

__all__ = ["con"]

WHEN = "2026-06-01T10:00:00"
USER = {"id": 7, "name": "Ada", "email": "ada@example.com", "role": "end-user", "organization_id": 1}
ORGANIZATION = {"id": 1, "name": "Org", "domain_names": [], "created_at": f"{WHEN}Z"}
ANSWERS = "SELECT p.name, s.score, s.scale_min, s.scale_max FROM survey_response s LEFT JOIN person p USING (person_id) ORDER BY 2"


def answered(
    con: duckdb.DuckDBPyConnection, noun: str, records: list[dict[str, object]]
) -> list[tuple[object, ...]]:
    with as_file(files("cs_connector.mappings") / "zendesk.yml") as path:
        source = Source("zd", "zendesk", 0, load_mapping(path))
    held: Records = {("zd", "organizations"): [ORGANIZATION], ("zd", "users"): [USER], ("zd", noun): records}
    run(con, held, [source])
    return rows(con, ANSWERS)


def test_a_rating_counts(con: duckdb.DuckDBPyConnection) -> None:
    told = {"requester_id": 7, "created_at": f"{WHEN}Z", "updated_at": f"{WHEN}Z"}
    found = answered(
        con,
        "satisfaction_ratings",
        [
            {"id": 1, "score": "good", **told},
            {"id": 2, "score": "bad", **told},
            {"id": 3, "score": "unoffered", **told},
        ],
    )
    assert found == [("Ada", 0.0, 0.0, 1.0), ("Ada", 1.0, 0.0, 1.0)]


@pytest.mark.slow
def test_a_survey_counts_the_same_whatever_its_scale(con: duckdb.DuckDBPyConnection) -> None:
    def response(key: str, **answer: object) -> dict[str, object]:
        answers = [{"type": "rating_scale", "created_at": f"{WHEN}.000Z", **answer}] if answer else []
        return {"id": key, "responder_id": 7, "answers": answers}

    found = answered(
        con,
        "survey_responses",
        [
            response("a", rating=5, rating_category="good"),
            response("b", rating=1, rating_category="bad"),
            response("c"),
        ],
    )
    assert found == [("Ada", 0.0, 0.0, 1.0), ("Ada", 1.0, 0.0, 1.0)]
