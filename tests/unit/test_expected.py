"""A body that is parsed as what is expected is believed no sooner than one that is only looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from cs_connector.errors import Unavailable
from cs_connector.transport import Transport
from tests.unit.http_kit import HOST, Answer, FakeClock, Script, serving

JSON = {"Content-Type": "application/json"}


class Told(msgspec.Struct):
    rows: list[msgspec.Raw]


parse = msgspec.json.Decoder(Told).decode


def body(text: bytes) -> Answer:
    return 200, JSON, text


@contextmanager
def session(*answers: Answer) -> Iterator[tuple[Transport, Script]]:
    script = Script(*answers)
    with serving(script) as base:
        yield (
            Transport(connection="sf", hosts=("*.salesforce.com",), clock=FakeClock(), base=base),
            script,
        )


def test_what_was_parsed_is_given() -> None:
    with session(body(b'{"rows": [1, {"a": 2}]}')) as (http, _), http.expecting(parse) as page:
        assert http.get(f"{HOST}/a").content == b'{"rows": [1, {"a": 2}]}'
    assert [bytes(row) for row in page.found.rows] == [b"1", b'{"a": 2}']


def test_a_body_that_is_not_whole_is_asked_for_again() -> None:
    with session(body(b'{"rows": [1, {"a"'), body(b'{"rows": []}')) as (http, script):
        with http.expecting(parse) as page:
            http.get(f"{HOST}/a")
        assert len(script.seen) == 2
        assert page.found.rows == []


def test_half_a_character_is_mended_first() -> None:
    with session(body(rb'{"rows": ["\ud83d"]}')) as (http, _), http.expecting(parse) as page:
        http.get(f"{HOST}/a")
    assert bytes(page.found.rows[0]) == rb'"\ufffd"'


def test_json_of_another_kind_is_an_answer_and_nothing_was_found() -> None:
    with session(body(b'{"rows": []}'), body(b'{"said": "no"}')) as (http, _), http.expecting(parse) as page:
        http.get(f"{HOST}/a")
        assert http.get(f"{HOST}/b").json() == {"said": "no"}
    assert page.found is None


def test_another_kind_that_breaks_off_is_no_answer() -> None:
    with (
        session(body(b'{"rows": 1, "more": [')) as (http, _),
        http.expecting(parse),
        pytest.raises(Unavailable, match="not whole"),
    ):
        http.get(f"{HOST}/a")


def test_outside_the_block_nothing_is_expected() -> None:
    with session(body(b'{"rows": [1]}')) as (http, _):
        with http.expecting(parse) as page:
            pass
        http.get(f"{HOST}/a")
    assert page.found is None
