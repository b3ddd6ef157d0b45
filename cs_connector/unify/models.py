"""What is compared of two accounts, people or users, and how much each agreement weighs: Splink's models.

The weights are declared, not learned from a customer's records, so that two records are judged alike in every project
and whatever came before them. `m` is how often the level is seen among records of the same, `u` among records of
different ones; a level weighs log2(m / u), and where something is missing nothing is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .grades import Grade

ENOUGH = 0.9  # the probability from which two records are the same
NEAR = 0.02  # the probability from which a person is asked


@dataclass(frozen=True, slots=True)
class Level:
    """A condition on the columns of two records (`x_l`, `x_r`), and the words for a person; no words, no evidence."""

    when: str
    m: float
    u: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first level that holds counts; nothing does where `unknown` holds."""

    name: str
    unknown: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """`prior` is the probability that two records picked at random are the same; `columns` are what is compared."""

    columns: tuple[str, ...]
    prior: float
    comparisons: tuple[Comparison, ...]


def _missing(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def _alike(one: str, other: str, least: float) -> str:
    return f"jaro_winkler_similarity({one}, {other}) >= {least}"


def _edits(column: str, most: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


def _graded(grade: Grade, m: float, u: float, words: str) -> Level:
    return Level(f"company_grade(core_l, core_r) = {int(grade)}", m, u, words)


# A company and what belongs to it have names of which one says more, and legal forms of their own.
_MORE = f"BETWEEN {int(Grade.SHORTER)} AND {int(Grade.TRADE)}"
_COMPANY = Comparison(
    "name",
    _missing("core"),
    (
        Level("form_l <> form_r AND country_l <> country_r", 1.05e-6, 0.016, "companies of two countries"),
        Level(
            f"form_l <> form_r AND core_l <> core_r AND company_grade(core_l, core_r) {_MORE}",
            1.02e-6,
            0.016,
            "names of two companies",
        ),
        Level("core_l = core_r AND telling_l AND telling_r", 0.62, 4.2e-7, "same name"),
        Level("core_l = core_r", 0.1, 2e-4, "same name of common words"),
        _graded(Grade.SAME, 0.1, 7e-8, "same name, written otherwise"),
        Level(f"local_l = local_r AND {_equal('domain')}", 0.05, 1e-6, "same name but for the country"),
        Level(
            f"{_edits('core', 1)} AND least(length(core_l), length(core_r)) > 12 AND company_grade(core_l, core_r) = {int(Grade.SLIP)}",
            0.1,
            1.2e-7,
            "same long name but for a letter",
        ),
        _graded(Grade.SLIP, 0.1, 3.8e-7, "same name but for spelling"),
        _graded(Grade.DOUBT, 0.03, 5.9e-5, "similar name"),
        _graded(Grade.TRADE, 0.1, 4.3e-6, "same name, one with a trade more"),
        _graded(Grade.HOUSE, 0.1, 7e-7, "same name, one of them called a group"),
        _graded(Grade.WORD, 0.1, 2.1e-4, "same word of their own, one with the trade"),
        _graded(Grade.MOST, 0.05, 6e-6, "same name, one with other words left out"),
        _graded(Grade.SHORTER, 0.06, 1e-3, "same name, one shorter"),
        _graded(Grade.LETTERS, 0.05, 2.1e-4, "same name, one with initials for some words"),
        _graded(Grade.INITIALS, 0.04, 1.6e-4, "one name is the initials of the other"),
        _graded(Grade.OTHERWISE, 6e-4, 4.5e-3, "the same word of their own, and others"),
        _graded(Grade.KINDRED, 1.1e-6, 0.02, "names of one lead and different trades"),
        _graded(Grade.PART, 1e-6, 0.016, "names of different parts"),
        Level("script_l <> script_r", 0.05, 4.4e-3, "names in different scripts"),
        Level("ELSE", 5e-5, 0.98, "different names"),
    ),
)
# One firm has acme.com and acme.de; acme.de and acme.fr are two.
_ENDINGS = (
    f"{_equal('label')} AND length(label_l) > 3 AND coalesce({_equal('country')}, TRUE) "
    f"AND coalesce({_equal('city')}, TRUE) AND (coalesce({_equal('country')}, FALSE) "
    "OR length(regexp_extract(domain_l, '[^.]*$')) > 2 OR length(regexp_extract(domain_r, '[^.]*$')) > 2)"
)
_DOMAIN = Comparison(
    "domain",
    _missing("domain"),
    (
        Level(_equal("domain"), 0.6, 9e-6, "same domain"),
        Level(_ENDINGS, 0.12, 2.3e-4, "same domain but for its ending"),
        # a slip of a pen is not in the domain too
        Level(
            f"length(label_l) > 5 AND {_edits('label', 1)} AND core_l = core_r", 0.05, 3e-3, "similar domain"
        ),
        # two companies of one name are seldom told by their domains alone; of two names, they are
        Level("core_l IS DISTINCT FROM core_r", 1e-3, 0.99, "different domains"),
        Level("ELSE", 0.0155, 0.99, "different domains"),
    ),
)
_LAND = Comparison(
    "country",
    _missing("country"),
    (Level(_equal("country"), 0.95, 0.33, "same country"), Level("ELSE", 0.005, 0.67, "different countries")),
)
_COUNTRY = Comparison(
    "country",
    _missing("country"),
    (Level(_equal("country"), 0.95, 0.33, "same country"), Level("ELSE", 0.04, 0.67, "different countries")),
)
# A town of another script is written in too many ways to say that it is another town.
_ABROAD = "(city_l <> city_r AND (starts_with(city_l, '~') OR starts_with(city_r, '~')))"
_TOWN = Comparison(
    "city",
    f"{_missing('city')} OR {_ABROAD}",
    (
        Level(_equal("city"), 0.7, 0.022, "same city"),
        Level(_alike("city_l", "city_r", 0.9), 0.05, 0.0125, "similar city"),
        Level("ELSE", 0.12, 0.96, "different cities"),
    ),
)
# The country's code is not always written.
_ENDS = "ends_with(phone_l, phone_r) OR ends_with(phone_r, phone_l)"
_OFFICE = Comparison(
    "phone",
    _missing("phone"),
    (Level(_ENDS, 0.4, 4e-4, "same phone"), Level("ELSE", 0.4, 0.99, "different phones")),
)

ACCOUNT = Model(
    ("core", "local", "form", "telling", "script", "domain", "label", "country", "city", "phone"),
    2.0**-16,
    (_COMPANY, _DOMAIN, _LAND, _TOWN, _OFFICE),
)

_GIVEN, _FAMILY = _equal("given"), _equal("family")
_GIVENS = _alike("given_l", "given_r", 0.85)
_FAMILIES = _alike("family_l", "family_r", 0.85)
_CROSSED = f"{_alike('given_l', 'family_r', 0.85)} AND {_alike('family_l', 'given_r', 0.85)}"
_NAME = Comparison(
    "name",
    "coalesce(given_l, family_l) IS NULL OR coalesce(given_r, family_r) IS NULL",
    (
        Level(f"{_GIVEN} AND {_FAMILY}", 0.5, 2e-4, "same name"),
        Level("given_l = family_r AND family_l = given_r", 0.05, 1e-5, "same name, turned round"),
        Level(f"({_GIVEN} AND {_FAMILIES}) OR ({_GIVENS} AND {_FAMILY})", 0.2, 8e-4, "almost the same name"),
        Level(f"{_GIVENS} AND {_FAMILIES}", 0.08, 5e-4, "similar name"),
        Level(_CROSSED, 0.03, 1e-4, "similar name, turned round"),
        Level(f"{_FAMILY} AND (given_l IS NULL OR given_r IS NULL)", 0.03, 5e-4, "same family name"),
        Level(f"{_GIVEN} AND (family_l IS NULL OR family_r IS NULL)", 0.03, 1e-3, "same given name"),
        Level(f"{_GIVEN} OR {_FAMILY}", 0.08, 0.015, "part of the name"),
        Level(f"{_GIVENS} OR {_FAMILIES} OR given_l = family_r OR family_l = given_r", 0.02, 0.04),
        Level("ELSE", 0.01, 0.94, "different names"),
    ),
)
_MAIL = Comparison(
    "email",
    _missing("email"),
    (
        Level(_equal("email"), 0.6, 6e-7, "same email"),
        Level(f"{_equal('mailbox')} AND length(mailbox_l) > 5", 0.1, 4e-4, "same mailbox elsewhere"),
        Level(
            "split_part(email_l, '@', 2) = split_part(email_r, '@', 2)", 0.01, 0.16, "another mailbox there"
        ),
        Level("ELSE", 0.28, 0.6, "different emails"),
    ),
)
_BORN = Comparison(
    "born_on",
    _missing("born"),
    (
        Level(_equal("born"), 0.85, 1e-4, "same birthday"),
        Level(_edits("born", 1), 0.1, 1e-3, "similar birthday"),
        Level(_edits("born", 2), 0.03, 5e-3, "similar birthday"),
        Level("ELSE", 0.07, 0.99, "different birthdays"),
    ),
)
_LINES = tuple((f"{one}_l", f"{other}_r") for one in ("street", "line") for other in ("street", "line"))


def _one_line(least: float) -> str:
    return " OR ".join(f"coalesce({_alike(one, other, least)}, FALSE)" for one, other in _LINES)


_STREET = Comparison(
    "street",
    "coalesce(street_l, line_l) IS NULL OR coalesce(street_r, line_r) IS NULL",
    (
        Level(
            f"({_alike('street_l', 'street_r', 0.88)} AND {_alike('line_l', 'line_r', 0.88)}) OR "
            f"({_alike('street_l', 'line_r', 0.88)} AND {_alike('line_l', 'street_r', 0.88)})",
            0.6, 2e-5, "same address lines",
        ),
        Level(_one_line(0.95), 0.3, 2e-3, "same address line"),
        Level(_one_line(0.88), 0.08, 0.01, "similar address line"),
        Level("ELSE", 0.02, 0.98, "different streets"),
    ),
)  # fmt: skip


def _near(column: str, words: str, levels: tuple[tuple[float, float], tuple[float, float]]) -> Comparison:
    """Equal, one edit apart, or different."""
    (m, u), (m_near, u_near) = levels
    return Comparison(
        column,
        _missing(column),
        (
            Level(_equal(column), m, u, f"same {words}"),
            Level(_edits(column, 1), m_near, u_near, f"similar {words}"),
            Level("ELSE", 0.1, 0.98),
        ),
    )


_CITY = Comparison(
    "city",
    _missing("city"),
    (
        Level(_equal("city"), 0.7, 2e-3, "same city"),
        Level(_alike("city_l", "city_r", 0.9), 0.2, 3e-3, "similar city"),
        Level("ELSE", 0.1, 0.995),
    ),
)
_REGION = Comparison(
    "region", _missing("region"), (Level(_equal("region"), 0.9, 0.2, "same region"), Level("ELSE", 0.1, 0.8))
)
_CALL = Comparison(
    "phone", _missing("phone"), (Level(_ENDS, 0.5, 2e-3, "same phone"), Level("ELSE", 0.5, 0.7))
)
_EMPLOYER = Comparison(
    "account",
    _missing("employer"),
    (Level(_equal("employer"), 0.7, 8.5e-5, "same account"), Level("ELSE", 0.25, 0.9, "different accounts")),
)

PERSON = Model(
    (
        "given", "family", "email", "mailbox", "born", "house", "street", "line", "postal", "city", "region", "country",
        "phone", "employer",
    ),
    2.0**-18,
    (
        _NAME,
        _MAIL,
        _BORN,
        _STREET,
        _near("house", "house number", ((0.85, 0.01), (0.05, 0.1))),
        _near("postal", "postal code", ((0.75, 2e-3), (0.15, 0.01))),
        _CITY,
        _REGION,
        _COUNTRY,
        _CALL,
        _EMPLOYER,
    ),
)  # fmt: skip


def settings(model: Model) -> dict[str, Any]:
    """The model as Splink takes it, for pairs that it is given."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": model.prior,
        "comparisons": [_comparison(c) for c in model.comparisons],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    unknown = {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
    levels = [
        {
            "sql_condition": level.when,
            "label_for_charts": level.words or "–",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.name, "comparison_levels": [unknown, *levels]}
