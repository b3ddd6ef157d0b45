"""What is compared of two accounts, people or users, and how much each agreement weighs.

The weights are declared, not learned from a customer's records, so that two records are judged alike in every project
and whatever came before them.
"""

from __future__ import annotations

from .grades import Grade
from .levels import TOLD, Comparison, Level, Model, alike, edits, equal, missing
from .lexicon.words import SERVING

ENOUGH = 0.9  # the probability from which two records are the same
NEAR = 0.02  # the probability from which a person is asked
_GRADE = TOLD  # how alike the names are is found out once, and told of each pair


def _graded(grade: Grade, m: float, u: float, words: str) -> Level:
    return Level(f"{_GRADE} = {int(grade)}", m, u, words)


# A company and what belongs to it have names of which one says more, and legal forms of their own.
_MORE = f"BETWEEN {int(Grade.SHORTER)} AND {int(Grade.TRADE)}"
# The country's code is not always written.
_ENDS = "(ends_with(phone_l, phone_r) OR ends_with(phone_r, phone_l))"
# Who answers the phone has extensions: the last digits of a number are not always written.
_BEGINS = (
    "least(length(phone_l), length(phone_r)) > 8 AND (starts_with(phone_l, phone_r) OR starts_with(phone_r, phone_l)) "
    "AND abs(length(phone_l) - length(phone_r)) < 5"
)
# One phone says more where the names have to do with each other. Who says less at another domain may be who owns it.
_APART = f"{_GRADE} IN ({int(Grade.UNLIKE)}, {int(Grade.PART)}, {int(Grade.KINDRED)})"
_OWNER = f"(coalesce(domain_l <> domain_r, FALSE) AND {_GRADE} {_MORE})"
_THEIRS = (
    f"CASE WHEN NOT {_ENDS} THEN FALSE WHEN spoken_l = spoken_r OR script_l <> script_r THEN TRUE "
    f"ELSE NOT ({_APART} OR {_OWNER}) END"
)
# Two that both write their legal form and say otherwise are two of one house.
_LOOSE = "(form_l IS NULL OR form_r IS NULL)"
_CALLED = f"CASE WHEN {_ENDS} AND {_LOOSE} THEN {_GRADE} = {int(Grade.OTHERWISE)} ELSE FALSE END"
# The domain has more of one name than both have in common.
_ITS_OWN = (
    f"CASE WHEN {equal('domain')} AND {_LOOSE} AND coalesce({_ENDS}, TRUE) AND {_GRADE} IN ({int(Grade.OTHERWISE)}, {int(Grade.KINDRED)}) "
    "THEN domain_owns(label_l, raw_l, raw_r) OR domain_owns(label_l, raw_r, raw_l) ELSE FALSE END"
)
# Who has the domain and the phone of another company may work for it.
_SERVES = " OR ".join(f"list_has_any(string_split(core_{side}, ' '), {sorted(SERVING)})" for side in "lr")
_BRAND = f"{equal('domain')} AND {_ENDS} AND label_l IN (replace(raw_l, ' ', ''), replace(raw_r, ' ', '')) AND NOT ({_SERVES})"
_LETTERS = f"least(length(spoken_l), length(spoken_r)) > 3 AND {_GRADE} = {int(Grade.INITIALS)}"
_LONG = f"{edits('spoken', 1)} AND least(length(spoken_l), length(spoken_r)) > 12 AND {_GRADE} = {int(Grade.SLIP)}"

_COMPANY = Comparison(
    "name",
    missing("core"),
    (
        Level("form_l <> form_r AND country_l <> country_r", 1.05e-6, 0.016, "companies of two countries"),
        Level(
            f"form_l <> form_r AND spoken_l <> spoken_r AND {_GRADE} {_MORE}",
            1.02e-6,
            0.016,
            "names of two companies",
        ),
        Level("spoken_l = spoken_r AND telling_l AND telling_r", 0.62, 4.2e-7, "same name"),
        Level("spoken_l = spoken_r", 0.1, 2e-4, "same name of common words"),
        _graded(Grade.SAME, 0.1, 7e-8, "same name, written otherwise"),
        Level(f"local_l = local_r AND {equal('domain')}", 0.05, 1e-6, "same name but for the country"),
        Level(_LONG, 0.1, 1.2e-7, "same long name but for a letter"),
        _graded(Grade.SLIP, 0.1, 3.8e-7, "same name but for spelling"),
        _graded(Grade.DOUBT, 0.03, 5.9e-5, "similar name"),
        _graded(Grade.TRADE, 0.1, 4.3e-6, "same name, one with a trade more"),
        _graded(Grade.HOUSE, 0.1, 7e-7, "same name, one of them called a group"),
        _graded(Grade.WORD, 0.1, 2.1e-4, "same word of their own, one with the trade"),
        _graded(Grade.MOST, 0.05, 6e-6, "same name, one with other words left out"),
        _graded(Grade.SHORTER, 0.06, 1e-3, "same name, one shorter"),
        _graded(Grade.LETTERS, 0.05, 2.1e-4, "same name, one with initials for some words"),
        Level(_LETTERS, 0.04, 1.3e-5, "one name is the initials of the other, four or more"),
        _graded(Grade.INITIALS, 0.04, 1.6e-4, "one name is the initials of the other"),
        Level(_ITS_OWN, 0.05, 2.4e-5, "the same word of their own, and the domain has the others of one"),
        Level(_CALLED, 0.04, 1.55e-4, "the same word of their own, and others; one phone"),
        _graded(Grade.OTHERWISE, 6e-4, 4.5e-3, "the same word of their own, and others"),
        _graded(Grade.KINDRED, 1.1e-6, 0.02, "names of one lead and different trades"),
        _graded(Grade.PART, 1e-6, 0.016, "names of different parts"),
        Level("script_l <> script_r", 0.05, 4.4e-3, "names in different scripts"),
        Level(_BRAND, 0.01, 0.65, "a name and a brand that has the domain"),
        Level("ELSE", 5e-5, 0.98, "different names"),
    ),
)
# One firm has acme.com and acme.de; acme.de and acme.fr are two.
_ENDINGS = (
    f"{equal('label')} AND length(label_l) > 3 AND coalesce({equal('country')}, TRUE) "
    f"AND coalesce({equal('city')}, TRUE) AND (coalesce({equal('country')}, FALSE) "
    "OR length(regexp_extract(domain_l, '[^.]*$')) > 2 OR length(regexp_extract(domain_r, '[^.]*$')) > 2)"
)
# Who changed its name had another domain.
_RENAMED = " OR ".join(
    f"(contains(core_{here}, '|') AND list_contains(string_split(replace(core_{here}, ' ', ''), '|'), label_{there}))"
    for here, there in (("l", "r"), ("r", "l"))
)
_FORMER = f"CASE WHEN {_RENAMED} THEN {_GRADE} = {int(Grade.SAME)} ELSE FALSE END"
# Towns have namesakes, and so has who is called by a town: one that has another phone may be in another one.
_NAMESAKES = f"NOT {_ENDS} AND {equal('city')} AND spoken_l = spoken_r AND contains(replace(spoken_l, ' ', ''), city_l)"
_DOMAIN = Comparison(
    "domain",
    missing("domain"),
    (
        Level(equal("domain"), 0.6, 9e-6, "same domain"),
        Level(_ENDINGS, 0.12, 2.3e-4, "same domain but for its ending"),
        Level(_FORMER, 0.05, 0.0501, "domain of another name of theirs", _RENAMED),
        Level(_NAMESAKES, 1e-3, 0.99, "different domains"),
        # a slip of a pen is not in the domain too
        Level(
            f"length(label_l) > 5 AND label_l <> label_r AND {edits('label', 1)} AND spoken_l = spoken_r",
            0.05,
            3e-3,
            "similar domain",
        ),
        # two companies of one name are seldom told by their domains alone; of two names, they are
        Level("spoken_l IS DISTINCT FROM spoken_r", 1e-3, 0.99, "different domains"),
        Level("ELSE", 0.0155, 0.99, "different domains"),
    ),
)
_LAND = Comparison(
    "country",
    missing("country"),
    (Level(equal("country"), 0.95, 0.33, "same country"), Level("ELSE", 0.005, 0.67, "different countries")),
)
_COUNTRY = Comparison(
    "country",
    missing("country"),
    (Level(equal("country"), 0.95, 0.33, "same country"), Level("ELSE", 0.04, 0.67, "different countries")),
)
# A town of another script is written in too many ways to say that it is another town.
_ABROAD = "(city_l <> city_r AND (starts_with(city_l, '~') OR starts_with(city_r, '~')))"
_TOWN = Comparison(
    "city",
    f"{missing('city')} OR {_ABROAD} OR ({_NAMESAKES})",
    (
        Level(equal("city"), 0.7, 0.022, "same city"),
        Level(alike("city_l", "city_r", 0.9), 0.05, 0.0125, "similar city"),
        Level("ELSE", 0.12, 0.96, "different cities"),
    ),
)
_OFFICE = Comparison(
    "phone",
    missing("phone"),
    (
        Level(_THEIRS, 0.4, 4e-6, "same phone", _ENDS),
        Level(_ENDS, 0.4, 4.1e-4, "same phone"),
        Level(_BEGINS, 0.1, 2e-4, "same phone but for an extension"),
        Level("ELSE", 0.4, 0.99, "different phones"),
    ),
)

ACCOUNT = Model(
    (
        "core",
        "spoken",
        "local",
        "form",
        "telling",
        "script",
        "domain",
        "label",
        "country",
        "city",
        "phone",
        "raw",
    ),
    2.0**-16,
    (_COMPANY, _DOMAIN, _LAND, _TOWN, _OFFICE),
)

_GIVEN, _FAMILY = equal("given"), equal("family")
_GIVENS = alike("given_l", "given_r", 0.85)
_FAMILIES = alike("family_l", "family_r", 0.85)
_CROSSED = f"{alike('given_l', 'family_r', 0.85)} AND {alike('family_l', 'given_r', 0.85)}"
# Who works at one place has its address and its switchboard in common with everybody there.
_COLLEAGUES = f"coalesce({equal('employer')}, FALSE)"
_ONE_MAIL = f"coalesce({equal('email')}, FALSE)"
_ONE_HOUSE = f"coalesce({equal('house')} AND {alike('street_l', 'street_r', 0.88)}, FALSE)"
_HOST = "split_part(email_l, '@', 2) = split_part(email_r, '@', 2)"
_SHORTENED = f"called_l = called_r AND {_FAMILIES}"
# Another given name: no initial, and no slip of a pen.
_ANOTHER = (
    f"{_FAMILIES} AND NOT {alike('given_l', 'given_r', 0.75)} AND least(length(given_l), length(given_r)) > 1 "
    "AND NOT starts_with(given_l, given_r) AND NOT starts_with(given_r, given_l)"
)
_BORN_THEN = edits("born", 2)
# A mailbox with the given name of one of them is that one's own, whatever else it is called; others are shared.
_SHARED = f"CASE WHEN {equal('email')} THEN NOT (contains(mailbox_l, given_l) OR contains(mailbox_l, given_r)) ELSE {_HOST} END"
_BESIDE = f"({_COLLEAGUES} OR coalesce({_ENDS}, FALSE) OR coalesce({_SHARED}, FALSE)) AND NOT coalesce({_BORN_THEN}, FALSE)"
_KIN = f"{_ANOTHER} AND (coalesce(NOT {_BORN_THEN}, FALSE) OR ({_BESIDE}))"
_NAME = Comparison(
    "name",
    "coalesce(given_l, family_l) IS NULL OR coalesce(given_r, family_r) IS NULL",
    (
        Level(f"{_GIVEN} AND {_FAMILY}", 0.5, 2e-4, "same name"),
        Level("given_l = family_r AND family_l = given_r", 0.05, 1e-5, "same name, turned round"),
        Level(f"({_GIVEN} AND {_FAMILIES}) OR ({_GIVENS} AND {_FAMILY})", 0.2, 8e-4, "almost the same name"),
        Level(f"{_GIVENS} AND {_FAMILIES}", 0.08, 5e-4, "similar name"),
        Level(_CROSSED, 0.03, 1e-4, "similar name, turned round"),
        Level(_SHORTENED, 0.052, 2e-4, "same name, short for the given one"),
        Level(_KIN, 1e-6, 0.015, "same family name, and another given name"),
        Level(f"{_FAMILY} AND (given_l IS NULL OR given_r IS NULL)", 0.03, 5e-4, "same family name"),
        Level(f"{_GIVEN} AND (family_l IS NULL OR family_r IS NULL)", 0.03, 1e-3, "same given name"),
        Level(f"{_GIVEN} OR {_FAMILY}", 0.08, 0.015, "part of the name"),
        Level(f"{_GIVENS} OR {_FAMILIES} OR given_l = family_r OR family_l = given_r", 0.02, 0.04),
        Level("ELSE", 0.01, 0.94, "different names"),
    ),
)
_MAIL = Comparison(
    "email",
    missing("email"),
    (
        Level(equal("email"), 0.6, 6e-7, "same email"),
        Level(f"{equal('mailbox')} AND length(mailbox_l) > 5", 0.1, 4e-4, "same mailbox elsewhere"),
        Level(
            f"{_HOST} AND {_COLLEAGUES} AND NOT ({_GIVEN} AND {_FAMILY})",
            1.25e-3,
            0.16,
            "another mailbox there",
        ),
        Level(_HOST, 0.01, 0.16, "another mailbox there"),
        Level("ELSE", 0.28, 0.6, "different emails"),
    ),
)
_BORN = Comparison(
    "born_on",
    missing("born"),
    (
        Level(equal("born"), 0.85, 1e-4, "same birthday"),
        Level(edits("born", 1), 0.1, 1e-3, "similar birthday"),
        Level(edits("born", 2), 0.03, 5e-3, "similar birthday"),
        Level("ELSE", 0.07, 0.99, "different birthdays"),
    ),
)
_LINES = tuple((f"{one}_l", f"{other}_r") for one in ("street", "line") for other in ("street", "line"))


def _one_line(least: float) -> str:
    return " OR ".join(f"coalesce({alike(one, other, least)}, FALSE)" for one, other in _LINES)


_STREET = Comparison(
    "street",
    f"coalesce(street_l, line_l) IS NULL OR coalesce(street_r, line_r) IS NULL OR {_COLLEAGUES}",
    (
        Level(
            f"({alike('street_l', 'street_r', 0.88)} AND {alike('line_l', 'line_r', 0.88)}) OR "
            f"({alike('street_l', 'line_r', 0.88)} AND {alike('line_l', 'street_r', 0.88)})",
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
        f"{missing(column)} OR {_COLLEAGUES}",
        (
            Level(equal(column), m, u, f"same {words}"),
            Level(edits(column, 1), m_near, u_near, f"similar {words}"),
            Level("ELSE", 0.1, 0.98),
        ),
    )


_CITY = Comparison(
    "city",
    f"{missing('city')} OR {_COLLEAGUES}",
    (
        Level(equal("city"), 0.7, 2e-3, "same city"),
        Level(alike("city_l", "city_r", 0.9), 0.2, 3e-3, "similar city"),
        Level("ELSE", 0.1, 0.995),
    ),
)
_REGION = Comparison(
    "region",
    f"{missing('region')} OR {_COLLEAGUES}",
    (Level(equal("region"), 0.9, 0.2, "same region"), Level("ELSE", 0.1, 0.8)),
)
_CALL = Comparison(
    "phone",
    missing("phone"),
    (
        Level(f"{_ENDS} AND ({_COLLEAGUES} OR {_ONE_MAIL} OR {_ONE_HOUSE})", 0.5, 0.2, "same phone"),
        Level(_ENDS, 0.5, 2e-3, "same phone"),
        Level("ELSE", 0.5, 0.7),
    ),
)
_EMPLOYER = Comparison(
    "account",
    f"{missing('employer')} OR {_ONE_MAIL}",
    (Level(equal("employer"), 0.7, 8.5e-5, "same account"), Level("ELSE", 0.25, 0.9, "different accounts")),
)

PERSON = Model(
    (
        "given", "called", "family", "email", "mailbox", "born", "house", "street", "line", "postal", "city", "region", "country",
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
