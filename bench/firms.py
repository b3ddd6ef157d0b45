"""Companies and their people as three systems hold them, as the tables that unify stages; no two runs differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

SYSTEMS = ("sales", "marketing", "service")
_ONSET = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
_RIME = [
    "a",
    "al",
    "an",
    "ar",
    "e",
    "el",
    "en",
    "er",
    "i",
    "il",
    "in",
    "o",
    "ol",
    "on",
    "or",
    "u",
    "un",
    "ay",
    "ea",
    "oo",
    "ia",
]
_TRADES = [
    "Software",
    "Systems",
    "Consulting",
    "Foods",
    "Logistics",
    "Energy",
    "Capital",
    "Media",
    "Clinics",
    "Hotels",
    "Textiles",
    "Robotics",
    "Analytics",
    "Insurance",
    "Retail",
    "Travel",
    "Press",
    "Tools",
    "Motors",
    "Labs",
]
_FORMS = ("Inc.", "Ltd", "GmbH", "S.A.", "LLC", "B.V.", "AG", "plc", "Pty Ltd", "")
_CITIES = [
    f"{a}{b}"
    for a in ("North", "West", "Lake", "Port", "Mill", "Stone")
    for b in ("ham", "ford", "ton", "burg", "field", "wick")
]
_LANDS = ("US", "GB", "DE", "FR", "NL", "AU", "CA", "ES")
Row = tuple[str | None, ...]


def _word(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(_ONSET) + rng.choice(_RIME) for _ in range(count)).title()


def _slip(rng: random.Random, text: str) -> str:
    """One letter gone, in three of a hundred."""
    if rng.random() > 0.03 or len(text) < 6:
        return text
    at = rng.randrange(2, len(text))
    return text[:at] + text[at + 1 :]


def _systems(rng: random.Random) -> list[str]:
    return [s for s, share in zip(SYSTEMS, (0.95, 0.75, 0.6), strict=True) if rng.random() < share] or [
        "sales"
    ]


def accounts(seed: int, count: int) -> Iterator[Row]:
    """`count` records: system, id, name, domain, country, city, phone, number of the company."""
    rng = random.Random(f"firms {seed}")
    made = firm = 0
    while made < count:
        firm += 1
        core, trade = _word(rng, 3), rng.choice(_TRADES)
        land, city, phone = rng.choice(_LANDS), rng.choice(_CITIES), f"+{rng.randrange(10**10, 10**11)}"
        domain = f"{core}{trade}.com".lower()
        for system in _systems(rng)[: count - made]:
            made += 1
            name = f"{_slip(rng, core)} {trade} {rng.choice(_FORMS)}".strip()
            given = [v if rng.random() < 0.8 else None for v in (domain, land, city, phone)]
            yield (system, f"a{made}", name, *given, str(firm))


def people(seed: int, count: int, firms: list[Row]) -> Iterator[Row]:
    """`count` records: system, id, name, email, phone, reference to the account."""
    rng = random.Random(f"people {seed}")
    givens, families = ([_word(rng, 2) for _ in range(n)] for n in (400, 3000))
    of: dict[str, dict[str, str]] = {}
    for row in firms:
        of.setdefault(str(row[-1]), {})[str(row[0])] = str(row[1])
    listed, made = sorted(of), 0
    while made < count:
        at = of[rng.choice(listed)]
        given, family = rng.choice(givens), rng.choice(families)
        mail = f"{given}.{family}{made}@{_word(rng, 3)}.com".lower()
        phone = f"+{rng.randrange(10**10, 10**11)}"
        for system in sorted(at)[: count - made]:
            made += 1
            known = mail if rng.random() < 0.9 else None
            called = phone if rng.random() < 0.5 else None
            yield (
                system,
                f"p{made}",
                f"{_slip(rng, given)} {_slip(rng, family)}",
                known,
                called,
                f"{system}|account|{at[system]}",
            )


def write(folder: Path, size: int, seed: int = 1) -> None:
    """`account.parquet` of `size` records and `person.parquet` of five times as many."""
    firms = list(accounts(seed, size))
    _keep(
        folder / "account.parquet",
        ("connection", "record_id", "name", "domain", "country", "city", "phone", "firm"),
        firms,
    )
    rows = list(people(seed, 5 * size, firms))
    _keep(
        folder / "person.parquet", ("connection", "record_id", "name", "email", "phone", "account_id"), rows
    )


def _keep(path: Path, names: tuple[str, ...], rows: list[Row]) -> None:
    table = pa.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))
    with duckdb.connect() as con:
        con.register("given", table)
        con.execute(f"COPY given TO '{path}' (FORMAT parquet)")
