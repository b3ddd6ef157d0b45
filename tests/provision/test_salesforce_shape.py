"""Salesforce answers more than was asked, in an order of its own: neither is a difference, and a change is one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from cs_connector.adapters.salesforce.provisioning.declaration import parts
from cs_connector.adapters.salesforce.provisioning.face import face
from cs_connector.adapters.salesforce.provisioning.shape import like
from hypothesis import given, settings
from hypothesis import strategies as st

UNORDERED = {"fieldPermissions", "objectPermissions", "tabSettings", "userPermissions"}
PIECES = [piece for piece in face(parts()) if piece.kind != "PermissionSetAssignment"]
ODD = {"language": "en_US", "trackHistory": False, "division": None, "sharedTo": None, "currency": []}


def answered(body: Any, dice: random.Random, name: str = "") -> Any:
    """A body as Salesforce shows it: with what it knows beyond ours, and its sets in any order."""
    if isinstance(body, Mapping):
        return ODD | {key: answered(value, dice, key) for key, value in body.items()}
    if isinstance(body, list):
        shown = [answered(one, dice) for one in body]
        return dice.sample(shown, len(shown)) if name in UNORDERED else shown
    return body


def leaves(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(body, Mapping):
        return [leaf for key, value in body.items() for leaf in leaves(value, (*path, key))]
    if isinstance(body, list):
        return [leaf for n, value in enumerate(body) for leaf in leaves(value, (*path, n))]
    return [path]


def changed(body: Any, path: tuple[Any, ...]) -> Any:
    """The same with another value at a path."""
    if not path:
        return f"{body} by an admin"
    first, *rest = path
    copy: Any = list(body) if isinstance(body, list) else dict(body)
    copy[first] = changed(copy[first], tuple(rest))
    return copy


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PIECES), st.randoms(use_true_random=False))
def test_what_salesforce_adds_is_no_difference(piece, dice) -> None:
    assert like(piece.body, answered(piece.body, dice)) == piece.body


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PIECES), st.randoms(use_true_random=False), st.data())
def test_every_change_of_what_we_declare_is_one(piece, dice, data) -> None:
    path = data.draw(st.sampled_from(leaves(piece.body)))
    found = like(piece.body, answered(changed(piece.body, path), dice))
    assert found != piece.body
    assert {key for key in piece.body if found[key] != piece.body[key]} == {path[0]}


@given(st.sampled_from([p for p in PIECES if p.kind in {"ListView", "PermissionSet"}]), st.data())
def test_what_people_add_to_a_list_or_take_from_it_is_a_difference(piece, data) -> None:
    name = data.draw(st.sampled_from([k for k, v in piece.body.items() if isinstance(v, list)]))
    held = piece.body[name]
    fewer = {**piece.body, name: held[1:]}
    assert like(piece.body, fewer) != piece.body
    assert like(piece.body, {**piece.body, name: [*held, *held[:1]]}) != piece.body
