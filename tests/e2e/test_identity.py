"""Who is who as an admin settles it: a report, a link and an unlink between runs."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.slow]


def entities(project, folder):
    found = project.export(folder)["links"]
    return {
        (k["connection"], k["object"], k["record_id"]): k
        for k in found
        if k["method"] not in ("adds to", "mentioned")
    }


def test_a_person_links_and_unlinks_and_the_report_tells(ran, tmp_path):
    before = entities(ran, tmp_path / "before")
    lone = min(
        key
        for key, link in before.items()
        if key[:2] == ("hubspot_emea", "companies") and link["method"] == "itself"
    )
    other = min(key for key, link in before.items() if key[:2] == ("salesforce", "Account"))
    assert before[lone]["entity_id"] != before[other]["entity_id"]
    names = "/".join(lone), "/".join(other)

    ran.do("link", *names, "--reason", "the same tax number", code=0)
    report = ran.do("unify", "--report", "--json", code=None).json
    assert report["decisions"][0]["reason"] == "the same tax number"
    said = report["decisions"][0]
    assert {said["left"], said["right"]} == set(names)  # as they are typed
    assert "name" in {one["attribute"] for one in report["disagreements"]}
    linked = entities(ran, tmp_path / "linked")
    assert linked[lone]["entity_id"] == linked[other]["entity_id"] == before[other]["entity_id"]
    assert (linked[lone]["method"], linked[lone]["evidence"]) == ("a person", "the same tax number")
    assert {"merge"} == {event["kind"] for event in report["events"]}

    ran.do("unlink", *names, code=0)
    ran.do("unify", "--report", code=None)
    assert entities(ran, tmp_path / "after") == before
    page, kept = ran.root / "reports" / "identity.html", ran.root / "reports" / "identity.json"
    assert [c["connection"] for c in json.loads(kept.read_text())["coverage"] if c["entity"] == "account"] == [
        "hubspot", "hubspot_emea", "salesforce", "zendesk",
    ]  # fmt: skip
    assert "Near misses (" in page.read_text()


def test_a_name_that_means_nothing_changes_nothing(ran):
    told = ran.do("link", "nonsense", "acc_nothing", code=2)
    assert "is no record of an account, person or user" in told.err
    assert "nothing was changed" in told.err
