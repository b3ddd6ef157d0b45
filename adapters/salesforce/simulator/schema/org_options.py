"""Features of an org that change its schema: person accounts and several currencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cs_connector.errors import ConfigError
from cs_connector.sandbox.wire import SeedRow

from .schema import Schema
from .standard import read_field

PERSON = """
IsPersonAccount  boolean  readonly
PersonContactId  reference(Contact)  readonly
Salutation  picklist(Mr.|Ms.|Mrs.|Dr.|Prof.)
FirstName  string(40)
LastName  string(80)
PersonEmail  email
PersonTitle  string(80)
PersonMobilePhone  phone
PersonDepartment  string(80)
PersonBirthdate  date
PersonLeadSource  picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
PersonMailingCity  string(40)
PersonMailingCountry  string(80)
PersonHasOptedOutOfEmail  boolean
"""
# What one US dollar buys: round figures, since no test should depend on a day's rates.
RATES = {
    "USD": 1.0, "EUR": 0.9, "GBP": 0.8, "CHF": 0.85, "SEK": 10.0, "NOK": 10.5, "DKK": 6.8, "PLN": 4.0, "CAD": 1.35,
    "AUD": 1.5, "JPY": 150.0, "BRL": 5.5, "INR": 84.0,
}  # fmt: skip
CORPORATE = "USD"
NAMES = frozenset({"personAccounts", "multiCurrency"})


def apply(schema: Schema, options: Mapping[str, Any]) -> None:
    """Turn features on or off. Raises ConfigError for a value that is not true or false."""
    for name, on in options.items():
        if not isinstance(on, bool):
            raise ConfigError(
                f"{name} is true or false, not {on!r}", fix="correct it in the file that is installed"
            )
    if options.get("personAccounts"):
        _people(schema)
    if options.get("multiCurrency") is False:
        _one_currency(schema)


def follow(schema: Schema) -> None:
    """Custom fields of contacts are fields of person accounts too, with __pc at the end."""
    account, contact = schema.objects["account"], schema.objects["contact"]
    if "ispersonaccount" not in account.fields:
        return
    for field in [f for f in contact.fields.values() if f.name.endswith("__c")]:
        name = field.name.removesuffix("__c") + "__pc"
        if name.lower() not in account.fields:
            account.add(replace(field, name=name, unique=False, children=None, told={}))


def _people(schema: Schema) -> None:
    account, contact = schema.objects["account"], schema.objects["contact"]
    for line in PERSON.strip().splitlines():
        account.add(read_field(line))
    contact.add(read_field("IsPersonAccount  boolean  readonly"))


def _one_currency(schema: Schema) -> None:
    for obj in schema.objects.values():
        obj.fields.pop("currencyisocode", None)
    if "currencytype" in schema.objects:
        schema.drop(schema.objects["currencytype"])


def currency_rows() -> Iterator[SeedRow]:
    """The currencies of the org."""
    for code, rate in RATES.items():
        row = {"IsoCode": code, "ConversionRate": rate, "DecimalPlaces": 0 if code == "JPY" else 2}
        yield SeedRow("CurrencyType", {**row, "IsActive": True, "IsCorporate": code == CORPORATE})
