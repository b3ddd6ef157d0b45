"""The standard objects, one field a line: name, type, flags. Columns are two blanks or more apart."""

from __future__ import annotations

import re
from functools import cache

from .schema import Field, ObjectType, Schema
from .standard_absent import ABSENT, ABSENT_CHILDREN
from .standard_sales import OBJECTS as SALES
from .standard_setup import OBJECTS as SETUP
from .standard_statuses import OBJECTS as STATUSES
from .standard_surveys import OBJECTS as SURVEYS
from .standard_text import OBJECTS

CURRENCIES = ("USD", "EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "JPY", "BRL", "INR")
TYPE = re.compile(r"(\w+)(?:\((.*)\))?$")
NUMERIC = {"double": (18, 2), "currency": (18, 2), "percent": (5, 2), "int": (9, 0)}
LENGTHS = {"string": 255, "textarea": 32000, "picklist": 40, "multipicklist": 4099, "combobox": 255}
LENGTHS |= {"email": 80, "phone": 40, "url": 255, "reference": 18, "id": 18}
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def label_of(name: str) -> str:
    """The label that Salesforce would give: `BillingCity` is Billing City, `OwnerId` is Owner ID."""
    words = WORDS.sub(" ", name.removesuffix("__c").replace("_", " "))
    return re.sub(r"\bId$", "ID", words)


@cache
def read_field(line: str) -> Field:
    name, kind, *rest = re.split(r"\s{2,}", line.strip())
    match = TYPE.match(kind)
    assert match, line
    base, inside = match.group(1), match.group(2) or ""
    flags = dict(f.partition("=")[::2] for f in " ".join(rest).split(" ") if f)
    precision, scale = NUMERIC.get(base, (0, 0))
    listed = tuple(inside.split("|")) if base in {"picklist", "multipicklist", "combobox"} and inside else ()
    text_length = int(inside) if inside.isdigit() and base not in NUMERIC else LENGTHS.get(base, 0)
    return Field(
        name,
        base,
        flags.get("label", "").replace("_", " ") or label_of(name),
        length=text_length,
        precision=int(inside) if inside and base == "int" else precision,
        scale=int(inside) if inside and base in NUMERIC and base != "int" else scale,
        values=listed,
        restricted="restricted" in flags,
        required="required" in flags,
        unique="unique" in flags,
        read_only="readonly" in flags,
        create_only="createonly" in flags,
        refers_to=tuple(inside.split("|")) if base == "reference" else (),
        relationship=name.removesuffix("Id") if base == "reference" else flags.get("relation"),
        children=flags.get("children"),
        cascade="cascade" in flags,
        default=flags["default"].replace("_", " ") if "default" in flags else None,
        absent=False if base == "boolean" else None,
        formula=flags.get("from"),
        told=UNCOUNTED if "from" in flags else {},
        number_format=flags.get("auto"),
        compound=flags.get("compound"),
        name_field="name" in flags,
    )


UNCOUNTED = {"calculated": False, "calculatedFormula": None}
"""A standard field that shows another's value is no formula to those who ask."""
OWN_FIELDS = ["OwnerId  reference(User|Group)", "Name  string(80)  name"]
"""What every custom object has beside the system's fields."""
SYSTEM_FIRST = ["Id  id", "IsDeleted  boolean  readonly label=Deleted"]
SYSTEM_LAST = [
    "CreatedDate  datetime  readonly required",
    "CreatedById  reference(User)  readonly required",
    "LastModifiedDate  datetime  readonly required",
    "LastModifiedById  reference(User)  readonly required",
    "SystemModstamp  datetime  readonly required",
]


def currency_field() -> Field:
    return Field(
        "CurrencyIsoCode",
        "picklist",
        "Currency ISO Code",
        length=3,
        values=CURRENCIES,
        restricted=True,
        absent="USD",
    )


def build(name: str, label: str, plural: str, prefix: str, lines: list[str]) -> ObjectType:
    """An object with its own fields between the system fields."""
    obj = ObjectType(name, label, plural, prefix)
    for line in [*SYSTEM_FIRST, *lines, *SYSTEM_LAST]:
        obj.add(read_field(line))
    return obj


def standard_schema() -> Schema:
    schema = Schema()
    schema.absent = frozenset(name.lower() for name in ABSENT)
    schema.absent_children = frozenset(name.lower() for name in ABSENT_CHILDREN)
    for head, text in (OBJECTS | SURVEYS | SALES | STATUSES | SETUP).items():
        name, label, plural, prefix, *flags = re.split(r"\s{2,}", head)
        obj = build(name, label, plural, prefix, [x for x in text.splitlines() if x.strip()])
        obj.writable = "readonly" not in flags
        if "currency" in flags:
            obj.add(currency_field())
        if {"keeps", "hard"}.intersection(flags):
            obj.fields.pop("isdeleted")
        obj.deletable = "keeps" not in flags
        schema.add(obj)
    return schema
