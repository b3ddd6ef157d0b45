"""Names of companies as they are compared, and how alike two are."""

from __future__ import annotations

import math

import pytest

from cs_connector.unify import models, names
from cs_connector.unify.grades import Grade, grade


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Ember Retail GmbH & Co. KG", "ember retail"),
        ("EMBER RETAIL S.à r.l.", "ember retail"),
        ("The Ember Retail Company, Inc.", "ember retail"),
        ("ООО Ромашка", "romashka"),
        ("Ромашка", "romashka"),
        ("Acme Sp. z o.o.", "acme"),
        ("Acme (Pty) Ltd", "acme"),
        ("Acme (UK) Limited", "acme uk"),
        ("Procter & Gamble", "procter gamble"),
        ("I.B.M.", "ibm"),
        ("Seven Oaks", "7 oaks"),
        ("Pinecrest LLC dba Blue Door", "pinecrest|blue door"),
        ("A.G.", "a g"),
        ("Co", "company"),
        ("東京システム株式会社", "dongjingshisutemu"),
        ("Bäckerei Moser Gesellschaft mit beschränkter Haftung", "bakery moser"),
        ("上海市金山电子有限公司", "shanghai jinshan electronics"),
        ("Παπαδόπουλος Τρόφιμα Α.Ε.", "papadopoulos food"),
        ("Moser Logisitk", "moser logistics"),
        ("Forty Second Street Books", "42 street books"),
        ("Nineteen Twelve Design", "1912 design"),
        ("Moser Care Home (No 03) Ltd", "moser care home 3"),
        ("Moser Vets (Dundee)", "moser veterinary dundee"),
        ("Zenda (formerly Moser Payroll)", "zenda|moser payroll"),
        ("QRST (Quay Road Sailing Trust)", "quay road sailing trust"),
        ("J. K. Moser", "jk moser"),
        ("Moser Foods - Ufficio acquisti", "moser food"),
    ],
)
def test_a_name_is_read_without_what_is_only_its_form(name: str, core: str) -> None:
    assert names.company(name).spoken == core


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Face Book", "Facebook", Grade.SAME),
        ("Jones & Smith", "Smith and Jones", Grade.SAME),
        ("Müller Bau", "Mueller Bau", Grade.SAME),
        ("Kelthorpe Analitics", "Kelthorpe Analytics", Grade.SLIP),
        ("Al-Nour Trading", "Alnoor Trading", Grade.SLIP),
        ("Hanson Shipping", "Hansen Shipping", Grade.DOUBT),
        ("Redwood Vet", "Redwood Veterinary Hospital", Grade.TRADE),
        ("Ember", "Ember Retail", Grade.WORD),
        ("Oak Lane Press", "Oak Lane Sunday Press", Grade.MOST),
        ("Zeta", "Zeta Nova", Grade.SHORTER),
        ("Marlow Bay Cnty", "Marlow Bay County", Grade.SLIP),
        ("IBM", "International Business Machines", Grade.INITIALS),
        ("Acme Software", "Acme Mining", Grade.KINDRED),
        ("Rowan", "Rowan North", Grade.PART),
        ("Zeta 54", "Zeta 45", Grade.PART),
        ("Bäckerei Moser", "Moser Bakery", Grade.SAME),
        ("Red Vine Software", "Redvine Software", Grade.SAME),
        ("Moser Laks AS", "MOSERLAKS", Grade.SAME),
        ("N. Alder Outfitters", "North Alder Outfitters", Grade.SLIP),
        ("Barnwell Fire", "Bamwell Fire", Grade.SLIP),
        ("Dr. E. Vossberg", "Elsa Vossberg", Grade.DOUBT),
        ("Moser Mek. Verkstad", "Moser Mekaniska Verkstad", Grade.DOUBT),
        ("QRS Law", "Quist, Rowe & Stark LLP", Grade.INITIALS),
        ("Emberline Shipping", "Mberline Shipping", Grade.DOUBT),
        ("Institut für Glas", "IFG", Grade.INITIALS),
        ("Alderheim, Gemeinde", "Gemeindewerke Alderheim", Grade.KINDRED),
        ("Moser Bakery", "Moser Vastgoed", Grade.PART),
        ("General Electric", "General Motors", Grade.UNLIKE),
        ("Hansen Shipping", "Jansen Shipping", Grade.UNLIKE),
        ("United Utilities Group PLC", "United Utilities", Grade.WORD),
        ("阿里巴巴集团控股有限公司", "Alibaba Group Holding Limited", Grade.HOUSE),
    ],
)
def test_how_alike_two_names_are_is_told_by_what_differs(one: str, other: str, expected: Grade) -> None:
    left, right = names.company(one).core or "", names.company(other).core or ""
    assert grade(left, right) is expected
    assert grade(right, left) is expected


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.ember.example/x?y", "ember.example"),
        ("shop.acme.co.uk", "acme.co.uk"),
        ("someone@acme.de", "acme.de"),
        ("gmail.com", None),
        ("someone@yahoo.co.in", None),
        ("acme.wixsite.com", "acme.wixsite.com"),
        ("acme", None),
    ],
)
def test_a_domain_is_the_registered_one_and_no_free_one(text: str, domain: str | None) -> None:
    assert names.Domains().of(text)[0] == domain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St. Gallen", "Saint-Gallen"),
        ("Ålesund", "Aalesund"),
        ("Biel/Bienne", "Bienne"),
        ("Leuven", "Louvain"),
    ],
)
def test_a_town_has_several_spellings(one: str, other: str) -> None:
    assert names.town(one) == names.town(other)


def test_every_level_of_a_comparison_is_known_by_its_weight() -> None:
    for model in (models.ACCOUNT, models.PERSON):
        for comparison in model.comparisons:
            weights = {level.words: round(math.log2(level.m / level.u), 6) for level in comparison.levels}
            assert len(set(weights.values())) == len(weights), comparison.name


def test_one_phone_has_several_spellings() -> None:
    told = {names.phone(t) for t in ("+972-4-555-0148", "00972 4 555 0148", "+972 (0)4 5550148 ext. 7")}
    assert told == {"97245550148"}
    assert "97245550148".endswith(names.phone("04 555 0148") or "-")
    assert names.phone("112") is None
