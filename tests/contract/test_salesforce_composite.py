"""The simulated Salesforce org: many records or many requests in one call."""

from __future__ import annotations

import json

import pytest

from .salesforce_org import Org

BASE = "/services/data/v67.0"
ACCOUNTS = f"{BASE}/sobjects/Account"


@pytest.fixture
def org():
    return Org()


def typed(*given, kind="Account"):
    return [{"attributes": {"type": kind}, **g} for g in given]


def codes(results):
    return [None if r["success"] else r["errors"][0]["statusCode"] for r in results]


def part(method, url, name, body=None):
    return {"method": method, "url": url, "referenceId": name} | ({} if body is None else {"body": body})


def composite(org, *parts, **more):
    return org.get("POST", "composite", {"compositeRequest": list(parts), **more})["compositeResponse"]


# Collections


def test_a_value_that_cannot_be_read_fails_the_whole_collection(org):
    body = {"records": typed({"Name": "A"}, {"Name": "B", "AnnualRevenue": "much"})}
    status, code, message = org.error("POST", "composite/sobjects", body)
    assert (status, code) == (400, "JSON_PARSER_ERROR")
    assert message.startswith("Cannot deserialize instance of currency from VALUE_STRING value much")
    assert org.names("") == []


def test_every_record_has_its_own_reason_in_the_order_of_the_request(org):
    ids = [org.create("Account", Name=n) for n in "AB"]
    org.call("DELETE", f"sobjects/Account/{ids[1]}")
    records = typed(
        {"id": ids[0], "Name": "AA"},
        {"id": ids[1], "Name": "x"},
        {"Name": "x"},
        {"id": "nope"},
    )
    results = org.get("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
    assert codes(results) == [
        None,
        "ENTITY_IS_DELETED",
        "MISSING_ARGUMENT",
        "MALFORMED_ID",
    ]
    assert "id" not in results[1]
    assert org.names("") == ["AA"]


def test_records_of_a_call_that_share_a_name_all_fail(org):
    records = typed(
        {"CS_Key__c": "k", "Name": "A"}, {"CS_Key__c": "K", "Name": "B"}, {"CS_Key__c": "l", "Name": "C"}
    )
    results = org.get("PATCH", "composite/sobjects/Account/CS_Key__c", {"records": records})
    assert codes(results) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE", None]
    assert results[1]["errors"][0]["message"] == "Duplicate external id specified: k"
    found = results[2]["id"]
    twice = typed({"id": found, "Name": "D"}, {"Id": found[:15], "Name": "E"})
    assert codes(org.get("PATCH", "composite/sobjects", {"records": twice})) == ["DUPLICATE_VALUE"] * 2
    assert org.names("") == ["C"]


def test_a_new_record_cannot_take_what_one_before_it_took(org):
    records = typed({"CS_Key__c": "k", "Name": "A"}, {"CS_Key__c": "K", "Name": "B"})
    assert codes(org.get("POST", "composite/sobjects", {"records": records})) == [None, "DUPLICATE_VALUE"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("composite/sobjects/Account/Id", {"records": typed({"Name": "A"})}, (404, "NOT_FOUND")),
        ("composite/sobjects/Account/Name", {"records": typed({"Name": "A"})}, (404, "NOT_FOUND")),
        ("composite/sobjects/Account/CS_Key__c", {"records": {}}, (400, "MISSING_ARGUMENT")),
        ("composite/sobjects/Account/CS_Key__c", {"records": ["x"]}, (400, "JSON_PARSER_ERROR")),
        (
            "composite/sobjects/Account/CS_Key__c",
            {"allOrNone": "maybe", "records": typed({})},
            (400, "JSON_PARSER_ERROR"),
        ),
        ("composite/sobjects/Account/CS_Key__c", [], (400, "JSON_PARSER_ERROR")),
    ],
)
def test_a_collection_of_another_shape_is_refused_whole(org, path, body, expected):
    assert org.error("PATCH", path, body)[:2] == expected
    assert len(org.ledger) == 0


def test_types_may_change_ten_times_in_a_call(org):
    kinds = [("Account", {"Name": "A"}), ("Contact", {"LastName": "L"})]
    records = [typed(fields, kind=kind)[0] for kind, fields in kinds * 6]
    assert org.error("POST", "composite/sobjects", {"records": records})[0] == 400
    assert codes(org.get("POST", "composite/sobjects", {"records": records[:10]})) == [None] * 10


def test_duplicates_are_detected_record_by_record(org):
    org.sim.control({"duplicate_rule": {"object": "Account", "fields": ["Name"]}})
    body = {"records": typed({"Name": "A"}, {"Name": "A"})}
    results = org.get("POST", "composite/sobjects", body)
    assert codes(results) == [None, "DUPLICATES_DETECTED"]
    assert results[1]["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    ]


def test_every_third_write_of_a_parent_meets_a_lock_once(org):
    account = org.create("Account", Name="A")
    org.sim.control({"lock_rows": {"object": "Account", "nth": 3}})
    body = {
        "records": typed(*[{"LastName": f"L{n}", "AccountId": account} for n in range(4)], kind="Contact")
    }
    results = org.get("POST", "composite/sobjects", body)
    assert codes(results) == [None, None, "UNABLE_TO_LOCK_ROW", None]
    assert org.get("POST", "composite/sobjects", {"records": body["records"][2:3]})[0]["success"]


def test_a_share_of_rows_is_locked_the_same_ones_each_time(org):
    ids = [org.create("Account", Name=f"A{n}") for n in range(60)]
    org.sim.control({"lock_rows": {"object": "Account", "share": 0.3}})
    body = {"records": typed(*[{"id": i, "Phone": "1"} for i in ids])}
    first = codes(org.get("PATCH", "composite/sobjects", body))
    assert 5 < len([c for c in first if c == "UNABLE_TO_LOCK_ROW"]) < 35
    assert codes(org.get("PATCH", "composite/sobjects", body)) == first


def test_deleting_many_says_what_was_wrong_with_each(org):
    record_id = org.create("Account", Name="A")
    found = org.get("DELETE", "composite/sobjects", ids=f"{record_id},{record_id[:15]},001Kd0000000999,zzz")
    assert codes(found) == [None, "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert org.error("PUT", "composite/sobjects", {})[:2] == (405, "METHOD_NOT_ALLOWED")


def test_many_records_are_read_by_a_list_of_ids(org):
    ids = [org.create("Account", Name=n) for n in "AB"]
    org.call("DELETE", f"sobjects/Account/{ids[1]}")
    body = {"ids": [ids[0][:15], ids[1], "001Kd0000000999AAA"], "fields": ["Name", "Phone"]}
    first, *others = org.get("POST", "composite/sobjects/Account", body)
    assert (first["Name"], "Phone" in first, "Id" in first, others) == ("A", True, False, [None, None])
    for wrong in (
        {"ids": [ids[0]]},
        {"fields": ["Name"]},
        {"ids": "x", "fields": ["Name"]},
        {"ids": ["x"] * 2001, "fields": ["Name"]},
    ):
        assert org.call("POST", "composite/sobjects/Account", wrong).status == 400
    for ids in ({}, {"ids": ""}, {"ids": " , "}):
        found = org.error("GET", "composite/sobjects/Account", fields="Id", **ids)
        assert found == (400, "MISSING_ARGUMENT", "ids parameter is required")


# Composite


def test_a_part_can_use_the_answer_to_an_earlier_part(org):
    org.create("Account", Name='Say "hi"', CS_Key__c="k")
    query = f"{BASE}/query?q=SELECT+Id,Name+FROM+Account+LIMIT+1"
    results = composite(
        org,
        part("GET", query, "found"),
        part("GET", f"{ACCOUNTS}/@{{found.records[0].Id}}", "again"),
        part(
            "POST",
            f"{BASE}/sobjects/Contact",
            "made",
            {"LastName": "@{again.Name}", "AccountId": "@{again.Id}"},
        ),
        part("GET", f"{BASE}/sobjects/Contact/@{{made.id}}?fields=LastName,AccountId", "read"),
    )
    assert [r["httpStatusCode"] for r in results] == [200, 200, 201, 200]
    assert results[3]["body"]["LastName"] == 'Say "hi"'
    assert "ETag" in results[1]["httpHeaders"]
    assert results[2]["httpHeaders"]["Location"].endswith(results[2]["body"]["id"])


def test_a_reference_to_a_failed_part_says_so(org):
    first, second, third = composite(
        org,
        part("POST", ACCOUNTS, "bad", {}),
        part("POST", f"{BASE}/sobjects/Contact", "next", {"LastName": "L", "AccountId": "@{bad.id}"}),
        part("POST", ACCOUNTS, "good", {"Name": "A"}),
    )
    assert (first["httpStatusCode"], third["httpStatusCode"]) == (400, 201)
    assert second["body"] == [
        {
            "message": "Invalid reference specified. No value for bad.id found in bad",
            "errorCode": "PROCESSING_HALTED",
        }
    ]


def test_all_or_none_reaches_into_the_collections_of_a_composite_request(org):
    records = {"allOrNone": False, "records": typed({"Name": "A"}, {})}
    results = composite(
        org,
        part("POST", ACCOUNTS, "first", {"Name": "B"}),
        part("POST", f"{BASE}/composite/sobjects", "many", records),
        part("POST", ACCOUNTS, "last", {"Name": "C"}),
        allOrNone=True,
    )
    assert [r["body"][0].get("errorCode") for r in results] == [
        "PROCESSING_HALTED",
        None,
        "PROCESSING_HALTED",
    ]
    assert codes(results[1]["body"]) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert (org.names(""), len(org.ledger)) == ([], 0)


def test_a_collection_in_a_loose_composite_request_keeps_its_good_records(org):
    records = {"allOrNone": False, "records": typed({"Name": "A"}, {})}
    (result,) = composite(org, part("POST", f"{BASE}/composite/sobjects", "many", records))
    assert codes(result["body"]) == [None, "REQUIRED_FIELD_MISSING"]
    assert org.names("") == ["A"]


def test_headers_of_the_whole_do_not_reach_the_parts_but_their_own_do(org):
    org.sim.control({"duplicate_rule": {"object": "Account", "fields": ["Name"]}})
    org.create("Account", Name="A")
    save = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    parts = [
        part("POST", ACCOUNTS, "plain", {"Name": "A"}),
        part("POST", ACCOUNTS, "own", {"Name": "A"}) | {"httpHeaders": save},
    ]
    body = json.dumps({"compositeRequest": parts}).encode()
    answer = org.call("POST", "composite", body, {k.lower(): v for k, v in save.items()})
    assert [r["httpStatusCode"] for r in json.loads(answer.body)["compositeResponse"]] == [400, 201]


@pytest.mark.parametrize(
    "parts",
    [
        [part("GET", f"{BASE}/limits", f"r{n}") for n in range(26)],
        [part("GET", f"{BASE}/query?q=SELECT+Id+FROM+Account", f"r{n}") for n in range(6)],
        [part("GET", ACCOUNTS, "same"), part("GET", ACCOUNTS, "same")],
        [part("GET", ACCOUNTS, "not ok")],
        [{"method": "GET", "url": ACCOUNTS}],
        [{"url": ACCOUNTS, "referenceId": "a"}],
        ["text"],
        [],
    ],
)
def test_a_composite_request_that_cannot_be_read_does_nothing(org, parts):
    assert org.call("POST", "composite", {"compositeRequest": parts}).status == 400


def test_a_composite_request_holds_no_composite_request(org):
    (result,) = composite(org, part("POST", f"{BASE}/composite", "inner", {"compositeRequest": []}))
    assert (result["httpStatusCode"], result["body"][0]["errorCode"]) == (400, "INVALID_OPERATION")


# Batch


def batch(org, *parts, **more):
    return org.get("POST", "composite/batch", {"batchRequests": list(parts), **more})


def test_the_requests_of_a_batch_know_nothing_of_each_other_and_each_costs_a_call(org):
    used = org.sim._state.limits.used
    answer = batch(
        org,
        {"method": "POST", "url": "v67.0/sobjects/Account", "richInput": {"Name": "A"}},
        {"method": "GET", "url": "v67.0/sobjects/Account/001Kd0000000999"},
        {"method": "GET", "url": "v67.0/query?q=SELECT+Name+FROM+Account"},
    )
    assert answer["hasErrors"] is True
    assert [r["statusCode"] for r in answer["results"]] == [201, 404, 200]
    assert answer["results"][2]["result"]["records"][0]["Name"] == "A"
    assert org.sim._state.limits.used - used == 3


def test_a_batch_can_stop_at_the_first_failure(org):
    bad = {"method": "GET", "url": "v67.0/sobjects/Account/001Kd0000000999"}
    good = {"method": "POST", "url": "v67.0/sobjects/Account", "richInput": {"Name": "A"}}
    answer = batch(org, bad, good, haltOnError=True)
    assert answer["results"][1] == {
        "statusCode": 412,
        "result": [
            {"message": "Batch processing halted per request", "errorCode": "BATCH_PROCESSING_HALTED"}
        ],
    }
    assert org.names("") == []
    assert org.call("POST", "composite/batch", {"batchRequests": [good] * 26}).status == 400


# Graph


def graph(name, *parts):
    return {"graphId": name, "compositeRequest": list(parts)}


def test_a_graph_is_written_whole_or_not_at_all(org):
    child = {"Name": "Part", "ParentId": "@{top.id}"}
    good = graph("1", part("POST", ACCOUNTS, "top", {"Name": "Top"}), part("POST", ACCOUNTS, "part", child))
    bad = graph("2", part("POST", ACCOUNTS, "top", {"Name": "Lost"}), part("POST", ACCOUNTS, "part", {}))
    first, second = org.get("POST", "composite/graph", {"graphs": [good, bad]})["graphs"]
    assert (first["graphId"], first["isSuccessful"], second["isSuccessful"]) == ("1", True, False)
    results = second["graphResponse"]["compositeResponse"]
    assert [r["body"][0]["errorCode"] for r in results] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert sorted(org.names("")) == ["Part", "Top"]
    assert len(org.ledger) == 2


def chain(length):
    below = [({"Name": "A", "ParentId": f"@{{n{n - 1}.id}}"}, f"n{n}") for n in range(1, length)]
    return [part("POST", ACCOUNTS, name, body) for body, name in [({"Name": "A"}, "n0"), *below]]


@pytest.mark.parametrize(
    "graphs",
    [
        [graph(str(n), part("POST", ACCOUNTS, "a", {"Name": "A"})) for n in range(76)],
        [graph("1", *[part("POST", ACCOUNTS, f"r{n}", {"Name": "A"}) for n in range(501)])],
        [graph("1", *chain(16))],
        [graph("1", *[part("PATCH", f"{BASE}/sobjects/Kind{n}/x", f"r{n}", {}) for n in range(16)])],
        [graph("1", *chain(1)), graph("1", *chain(1))],
    ],
)
def test_graphs_have_limits(org, graphs):
    assert org.call("POST", "composite/graph", {"graphs": graphs}).status == 400
    assert len(org.ledger) == 0


def test_a_graph_of_fifteen_levels_is_allowed_and_after_fourteen_failures_none_is_tried(org):
    assert org.get("POST", "composite/graph", {"graphs": [graph("1", *chain(15))]})["graphs"][0][
        "isSuccessful"
    ]
    bad = [graph(str(n), part("POST", ACCOUNTS, "a", {})) for n in range(16)]
    answers = org.get("POST", "composite/graph", {"graphs": [*bad, graph("last", *chain(1))]})["graphs"]
    last = answers[-1]["graphResponse"]["compositeResponse"][0]
    assert (last["httpStatusCode"], last["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert len(org.ledger) == 15


# Tree


def leaf(kind, name, /, **fields):
    return {"attributes": {"type": kind, "referenceId": name}, **fields}


def test_a_tree_is_created_level_by_level(org):
    tree = leaf(
        "Account", "a", Name="A",
        Contacts={"records": [leaf("Contact", "c1", LastName="L"), leaf("Contact", "c2", LastName="M")]},
    )  # fmt: skip
    answer = org.call("POST", "composite/tree/Account", {"records": [tree, leaf("Account", "b", Name="B")]})
    body = json.loads(answer.body)
    assert (answer.status, body["hasErrors"]) == (201, False)
    assert [r["referenceId"] for r in body["results"]] == ["a", "b", "c1", "c2"]
    assert org.names("WHERE Account.Name = 'A' ORDER BY LastName", "LastName", "Contact") == ["L", "M"]


@pytest.mark.parametrize(
    ("records", "names", "code"),
    [
        ([leaf("Account", "a", Name="A"), leaf("Account", "b")], ["b"], "REQUIRED_FIELD_MISSING"),
        ([leaf("Account", "a", Name="A"), leaf("Account", "a", Name="B")], ["a", "a"], "INVALID_INPUT"),
        ([{"attributes": {"type": "Account"}, "Name": "A"}], [""], "INVALID_INPUT"),
        ([leaf("Contact", "a", LastName="A")], ["a"], "INVALID_INPUT"),
        ([leaf("Account", "a", Name="A", Nope=1)], ["a"], "INVALID_FIELD"),
    ],
)
def test_a_tree_with_one_bad_record_is_not_planted(org, records, names, code):
    answer = org.call("POST", "composite/tree/Account", {"records": records})
    body = json.loads(answer.body)
    assert (answer.status, body["hasErrors"]) == (400, True)
    assert [(r["referenceId"], r["errors"][0]["statusCode"]) for r in body["results"]] == [
        (n, code) for n in names
    ]
    assert (org.names(""), len(org.ledger)) == ([], 0)


def test_a_tree_has_at_most_200_records_and_5_levels(org):
    many = [leaf("Account", f"r{n}", Name="A") for n in range(201)]
    assert org.call("POST", "composite/tree/Account", {"records": many}).status == 400
    deep = leaf("Account", "r6", Name="A")
    for n in range(5, 0, -1):
        deep = leaf("Account", f"r{n}", Name="A", ChildAccounts={"records": [deep]})
    assert org.call("POST", "composite/tree/Account", {"records": [deep]}).status == 400
    assert len(org.ledger) == 0


@pytest.mark.parametrize("name", ["allOrNone", "collateSubrequests"])
def test_a_switch_of_a_composite_is_true_or_false(org, name):
    body = {"compositeRequest": [part("GET", f"{ACCOUNTS}/describe", "a")], name: "yes"}
    assert org.error("POST", "composite", body)[:2] == (400, "JSON_PARSER_ERROR")
