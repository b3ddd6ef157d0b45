"""What is to be done about each piece: laws over made-up CRMs, and the cases that people ask about."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from cs_connector.act.face import Made, Standing, Step, compare, key, left_over, signed, strangers
from cs_connector.ports import SIGNATURE, Piece

NAMES, FIELDS, VALUES = ("a", "b", "c"), ("label", "type", "options"), ("x", "y", "z", ["x"], None)
bodies = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in FIELDS})
systems = st.dictionaries(st.sampled_from(NAMES), bodies)


def pieces(told: Mapping[str, dict[str, object]]) -> list[Piece]:
    return [Piece("field", name, body) for name, body in sorted(told.items())]


def record(told: Mapping[str, dict[str, object]]) -> dict[tuple[str, str], Made]:
    return {key(piece): Made(piece, n) for n, piece in enumerate(pieces(told))}


def steps(
    wanted: Mapping[str, dict[str, object]],
    present: Mapping[str, dict[str, object]],
    made: Mapping[str, dict[str, object]],
    *,
    adopt: bool = False,
) -> list[Step]:
    there = {piece.name: piece for piece in pieces(present)}
    listed = pieces(wanted)
    return compare(listed, [there.get(p.name) for p in listed], record(made), adopt=adopt)


def done(todo: list[Step], present: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The CRM after everything was done."""
    return {**present, **{s.piece.name: dict(s.sent.body) for s in todo if s.to_do}}


@given(systems, systems, systems, st.booleans())
def test_what_was_done_once_is_done(wanted, present, made, adopt) -> None:
    first = steps(wanted, present, made, adopt=adopt)
    then = {**made, **{s.piece.name: dict(s.piece.body) for s in first if s.to_do or s.ours}}
    second = steps(wanted, done(first, present), then, adopt=adopt)
    assert [s for s in second if s.to_do] == []


@given(systems, systems, systems)
def test_what_others_made_or_changed_stays_as_it_is(wanted, present, made) -> None:
    after = done(steps(wanted, present, made), present)
    for name, body in present.items():
        for field, value in body.items():
            if made.get(name, {}).get(field, "nobody's") != value:
                assert after[name][field] == value


@given(systems, systems, systems)
def test_adopting_leaves_nothing_that_differs(wanted, present, made) -> None:
    after = done(steps(wanted, present, made, adopt=True), present)
    assert {name: after[name] for name in wanted} == dict(wanted)


@given(systems, systems)
def test_what_is_left_over_goes_newest_first(wanted, made) -> None:
    found = [step.piece.name for step in left_over(record(made), pieces(wanted))]
    assert found == sorted(made.keys() - wanted.keys(), reverse=True)


LABEL = {"label": "Health", "type": "x", "options": None}


def test_a_label_that_an_admin_translated_stays_when_another_field_is_updated() -> None:
    german, newer = {**LABEL, "label": "Gesundheit"}, {**LABEL, "type": "y"}
    (step,) = steps({"a": newer}, {"a": german}, {"a": LABEL})
    assert step.standing is Standing.CHANGE
    assert dict(step.sent.body) == {**newer, "label": "Gesundheit"}
    assert {d.field: d.kept for d in step.differences} == {"label": True, "type": False}


def test_a_field_of_the_same_name_that_somebody_else_made_is_never_touched() -> None:
    (step,) = steps({"a": LABEL}, {"a": {**LABEL, "type": "z"}}, {})
    assert (step.standing, step.to_do) == (Standing.FOREIGN, False)
    assert [(d.was, d.wanted) for d in step.differences] == [("z", "x")]


def test_another_installation_is_known_by_its_signature() -> None:
    piece = Piece("field", "cs_key", {"description": "Do not edit." + SIGNATURE})
    (ours,), (theirs,) = signed([piece], "AAAA"), signed([piece], "BBBB")
    unsigned = Piece("field", "cs_key", {"description": "Do not edit."})
    assert ours.body["description"].endswith("installation AAAA.")
    assert strangers(compare([ours], [theirs], {})) == ["BBBB"]
    assert compare([ours], [unsigned], {})[0].standing is Standing.THERE


def test_an_attribute_that_we_declare_anew_is_ours_where_nobody_has_set_it() -> None:
    made, wanted = {"a": {"label": "L"}}, {"a": {"label": "L", "help": "H"}}
    for empty in (None, "", []):
        (step,) = steps(wanted, {"a": {"label": "L", "help": empty}}, made)
        assert (step.standing, step.sent.body) == (Standing.CHANGE, wanted["a"])
    (edited,) = steps(wanted, {"a": {"label": "L", "help": "theirs"}}, made)
    assert (edited.standing, edited.sent.body["help"]) == (Standing.EDITED, "theirs")
    (foreign,) = steps(wanted, {"a": {"label": "L", "help": None}}, {})
    assert foreign.standing is Standing.FOREIGN
