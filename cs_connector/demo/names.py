"""Names: of companies, people, products and requests. No company or address of them exists."""

from __future__ import annotations

import random
import re


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HEADS = _words("""
Nor Vel Cal Bry Hal Tor Sil Mar Fen Wes Ald Bel Cor Dun Esk Fal Gal Har Ing Jor Kel Lan Mor Nev Os
Pen Quil Rav Sten Tal Ulm Var Win Yar Zan Bran Cres Dor Elm Fro Gren Hov Is Jas Kir Lor Mel Nar Or
Pol Ros Sol Tren Und Ver Wal Yor Zel Arn Bos Cas Del Erl
""")
_TAILS = _words("""
mark lund field gate ford dale wick holm berg stad haven brook mere crest ridge vale port wood stone
bridge well land heim dorf by thorpe stead bourne cliff moor shaw leigh garth ness firth bank combe
croft fell grove hurst ham hill lea marsh mead minster moss nook park pool reach rise row side
spring strand vik water worth
""")
TRADES = {
    "Foods": "Retail", "Logistics": "Transportation", "Robotics": "Manufacturing", "Software": "Technology",
    "Energy": "Energy", "Clinics": "Healthcare", "Bank": "Banking", "Insurance": "Insurance", "Media": "Media",
    "Retail": "Retail", "Telecom": "Telecommunications", "Farms": "Agriculture", "Hotels": "Hospitality",
    "Schools": "Education", "Capital": "Finance", "Advisory": "Consulting", "Tools": "Manufacturing",
    "Pharma": "Healthcare", "Airlines": "Transportation", "Analytics": "Technology", "Solar": "Energy",
    "Press": "Media", "Motors": "Manufacturing", "Textiles": "Manufacturing", "Ports": "Transportation",
    "Diagnostics": "Healthcare", "Systems": "Technology", "Networks": "Telecommunications", "Breweries": "Retail",
    "Travel": "Hospitality", "Academy": "Education", "Partners": "Consulting", "Leasing": "Finance",
    "Steel": "Manufacturing", "Security": "Technology", "Studios": "Media",
}  # fmt: skip
_TRADES = tuple(TRADES)
DIVISIONS = (
    "Iberia",
    "Nordics",
    "Benelux",
    "Services",
    "Americas",
    "Asia",
    "Labs",
    "Direct",
    "Ventures",
    "DACH",
)
FORMS = ("Ltd.", "GmbH", "Inc.", "AG", "B.V.", "LLC", "S.A.", "", "", "")
FIRST = _words("""
Ada Amir Ana Anja Arjun Astrid Aya Beatriz Ben Carla Chen Chloe Clara Daan Daniel Dara David Elena
Elif Emil Emma Erik Esra Eva Farah Felix Fiona Grace Hana Hugo Ida Ines Ivan Jakob Jana Jonas Julia
Kai Karim Lars Laura Lea Leon Lin Lucas Maja Marco Maria Mark Maya Mia Milan Nadia Nia Nils Nina
Noah Olga Omar Oscar Paul Petra Priya Quinn Rafael Rosa Ruth Sam Sara Sofia Sven Tara Theo Tom Uma
Vera Viktor Wei Yara Zoe
""")
LAST = _words("""
Abbott Adeyemi Ahmed Andersen Baker Bauer Becker Berg Bianchi Blom Borg Brandt Bruun Castro Chen
Costa Dahl Diaz Dubois Eriksen Evans Falk Farkas Fischer Flores Fontaine Garcia Gomez Grant Haas
Hansen Hoffmann Holt Ibrahim Ito Jansen Jensen Kaya Keller Khan Kim Klein Kovac Kumar Lang Larsen
Lehmann Lopez Lund Marino Martin Meyer Mills Moreau Mueller Nagy Nair Nowak Okafor Olsen Ortiz Park
Patel Peeters Petrov Pinto Reyes Ricci Romero Rossi Russo Sato Schmidt Silva Singh Smit Sousa Stone
Suzuki Tan Torres Vega Vogel Wagner Walker Weber Wolf Wong Yilmaz Young
""")
HEADS = (
    "Chief Operating Officer",
    "VP Operations",
    "Head of IT",
    "Chief Financial Officer",
    "Managing Director",
)
TITLES = (
    "Operations Manager",
    "Team Lead",
    "Business Analyst",
    "System Administrator",
    "Project Manager",
    "Planner",
)
PRODUCTS = ("Signals", "Planner", "Ledger", "Dispatch")
REGIONS = ("EMEA", "Americas", "APAC")
SUBJECTS = (
    "Cannot sign in", "Export is slow", "Question about permissions", "Report shows old numbers",
    "How do I add a team?", "Import stops half-way", "Invoice address changed", "Dashboard does not load",
    "Sync is late", "Request: more columns", "Error 500 on save", "Password reset mail missing",
)  # fmt: skip
HOW_TO = frozenset({"Question about permissions", "How do I add a team?"})
MEETINGS = ("Quarterly review", "Check-in", "Roadmap call", "Success plan review", "Steering meeting")


def stem(seed: int, index: int) -> tuple[str, str]:
    """A company's name without its legal form, and its trade: another one for each of 136,080 indexes."""
    number = (index * 7_919 + seed * 104_729 + 17) % (len(_HEADS) * len(_TAILS) * len(_TRADES))
    number, trade = divmod(number, len(_TRADES))
    head, tail = divmod(number, len(_TAILS))
    return f"{_HEADS[head]}{_TAILS[tail]} {_TRADES[trade]}", _TRADES[trade]


def slug(name: str) -> str:
    """What is left for an address: lower-case letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def spelling(rng: random.Random, name: str) -> str:
    """The same name as somebody else would have typed it."""
    bare = name.rsplit(" ", 1)[0] if name.endswith((".", "GmbH", "AG", "LLC", "Inc")) else name
    return rng.choice(
        (name, bare, bare.lower(), bare.upper(), f"{bare} Ltd", bare.replace(" ", "-"), f" {bare} ")
    )
