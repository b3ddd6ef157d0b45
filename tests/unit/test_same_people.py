"""Who is one person: colleagues, relatives and a mailbox of several make nobody another one; aliases of a mailbox are one."""

from __future__ import annotations

import pytest

from tests.quality import kit

pytestmark = pytest.mark.slow

OFFICE = {"phone": "+44 1709 555 100", "city": "Leeds"}
HOUSE = {"street": "6 Church Lane", "city": "Leeds", "postal_code": "LS1 1AA", "born_on": None}


def found(*people: dict[str, str | None], employed: bool = True) -> list[str]:
    """The entities of people who work for one company, or for none."""
    columns = {key: None for person in people for key in person}
    rows = [
        {"record": str(n), "system": ("sales", "marketing")[n % 2], **columns, **person}
        for n, person in enumerate(people)
    ]
    with kit.executor() as con:
        if employed:
            firm = {"name": "Ember Retail", "domain": "ember.example"}
            kit.stage(con, "account", [{"record": "1", "system": s, **firm} for s in ("sales", "marketing")])
            rows = [{**row, "account_id": f"{row['system']}|account|1"} for row in rows]
        kit.stage(con, "person", rows)
        groups = kit.groups(con, "person")
    return [groups[str(n)] for n in range(len(people))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Otto Brandt", **OFFICE}, {"name": "Eva Brandt", **OFFICE}),
        (
            {"name": "Joan Smith", "email": "joan.smith@ember.example", **OFFICE},
            {"name": "Jane Smith", "email": "jane.smith@ember.example", **OFFICE},
        ),
        (
            {"name": "Nina Roth", "email": "stock.north@ember.example"},
            {"name": "Karl Roth", "email": "stock.north@ember.example"},
        ),
        (
            {"name": "Victor Chan", "email": "victor.chan@ember.example", **OFFICE},
            {"name": "Denise Alvarez", "email": "victor.chan@ember.example", **OFFICE},
        ),
    ],
)
def test_colleagues_are_two_whatever_their_office_has_in_common(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    assert len(set(found(one, other))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("marcus.feld+desk@ember.example", "marcus.feld@ember.example"),
        ("marcus.feld@gmail.com", "marcusfeld@gmail.com"),
    ],
)
def test_aliases_of_a_mailbox_are_one_mailbox(one: str, other: str) -> None:
    people = {"name": "Marcus Feld", "email": one}, {"name": "Marcus Feld", "email": other}
    assert len(set(found(*people, employed=False))) == 1


def test_a_short_name_a_new_name_and_an_umlaut_are_still_the_same_person() -> None:
    mail = {"email": "anna.mueller@ember.example"}
    people = [{"name": n, **mail} for n in ("Anna Müller", "Anna Mueller", "Anna Weber")]
    assert len(set(found(*people))) == 1
    bob = {"email": "rtables@ember.example"}
    assert len(set(found({"name": "Robert Tables", **bob}, {"name": "Bob Tables", **bob}))) == 1


def test_relatives_in_one_house_are_two() -> None:
    lars = {"given_name": "Lars", "family_name": "Lund", **HOUSE, "born_on": "1944-06-18"}
    yuki = {"given_name": "Yuki", "family_name": "Lund", **HOUSE, "born_on": "1992-02-03"}
    assert len(set(found(lars, yuki, employed=False))) == 2
