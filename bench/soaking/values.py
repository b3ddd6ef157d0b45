"""Values as no CRM should send them, and as some do: none stops the others, none is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from cs_connector.errors import ConnectorError
from cs_connector.sandbox.wire import Request, Response
from cs_connector.transport.mending import mended
from cs_connector.unify import Source
from cs_connector.unify.run import read

from .fragments import fragment
from .reading import mapping
from .tables import shared
from .town import Builder, Town
from .tries import Tried, Try

RECORDS = 2000  # of a page
Rows = Mapping[str, Mapping[str, str]]  # fields by record id, each a piece of JSON


class Form(NamedTuple):
    """How a CRM's page of an object looks. `part` is in the path that is answered with it."""

    crm: str
    object: str
    part: str
    fields: Sequence[str]
    page: Callable[[Rows], str]


def _salesforce(rows: Rows) -> str:
    stamp = '"SystemModstamp":"2026-11-20T08:00:00.000+0000","IsDeleted":false'
    records = (f'{{"Id":"{key}",{stamp},{_members(row)}}}' for key, row in rows.items())
    return f'{{"totalSize":{len(rows)},"done":true,"records":[{",".join(records)}]}}'


def _hubspot(rows: Rows) -> str:
    stamp = '"createdAt":"2026-11-20T08:00:00Z","updatedAt":"2026-11-20T08:00:00Z","archived":false'
    records = (f'{{"id":"{key}","properties":{{{_members(row)}}},{stamp}}}' for key, row in rows.items())
    return f'{{"results":[{",".join(records)}]}}'


def _zendesk(rows: Rows) -> str:
    records = (
        f'{{"id":{key},"generated_timestamp":1763625600,{_members(row)}}}' for key, row in rows.items()
    )
    return (
        f'{{"tickets":[{",".join(records)}],"after_cursor":"MTc=","end_of_stream":true,"count":{len(rows)}}}'
    )


def _members(row: Mapping[str, str]) -> str:
    return ",".join(f'"{name}":{text}' for name, text in row.items())


FORMS = (
    Form(
        "salesforce",
        "Opportunity",
        "/queryAll",
        ("AccountId", "Amount", "CloseDate", "IsWon", "StageName", "Type"),
        _salesforce,
    ),
    Form("hubspot", "deals", "/deals", ("amount", "closedate", "dealstage", "hs_is_closed_won"), _hubspot),
    Form(
        "zendesk",
        "tickets",
        "/incremental/tickets",
        ("created_at", "organization_id", "priority", "requester_id", "subject", "tags"),
        _zendesk,
    ),
)
IDS = {"salesforce": "006Kd{:010d}IAA", "hubspot": "{}", "zendesk": "{}"}
NUMBERS = {"salesforce": ("Amount", "amount"), "hubspot": ("amount", "amount")}  # field and attribute


@contextmanager
def mutated(folder: Path) -> Iterator[Try]:
    """A seed is a page of one CRM, all of its values mutated."""
    builder = Builder(folder, "unlimited")
    with shared():
        yield lambda seed: _try(builder, seed, _through)


@contextmanager
def plain(folder: Path) -> Iterator[Try]:
    """Naive: values are what the mapping says that they are."""
    builder = Builder(folder, "unlimited")
    with shared():
        yield lambda seed: _try(builder, seed, _by_hand)


def _try(builder: Builder, seed: int, way: Callable[[Town, Form, Rows], str]) -> Tried:
    dice, form = random.Random(seed), FORMS[seed % len(FORMS)]
    with builder.near(form.crm, dice, (form.object,)) as town:
        rows = {
            IDS[form.crm].format(number): {name: fragment(name, dice) for name in form.fields}
            for number in range(10**6, 10**6 + RECORDS)
        }
        town.alter = lambda request, answer: _instead(form, rows, request, answer)
        try:
            found = way(town, form, rows)
        except (ConnectorError, duckdb.Error) as error:
            found = f"{type(error).__name__}: {error!s:.500}"
        return Tried(f"{form.crm}: {found}" if found else "", RECORDS * len(form.fields))


def _instead(form: Form, rows: Rows, request: Request, answer: Response) -> Response:
    if form.part not in request.path or "archived=true" in request.query_string or request.method != "GET":
        return answer
    if answer.status != 200 or "properties/" in request.path:
        return answer
    return Response(200, form.page(rows).encode(), {"content-type": "application/json"})


def _through(town: Town, form: Form, rows: Rows) -> str:
    """Read, land, fold and type them; each must be in the copy as it came, and typed or set aside."""
    town.sync()
    with duckdb.connect() as con:
        town.store.facts.latest(con, form.crm, form.object, "newest")
        kept = dict(con.execute("SELECT id, payload FROM newest").fetchall())
        whole = mapping(form.crm)
        rules = [rule for rule in whole.read if rule.object == form.object]
        source = Source(form.crm, whole.crm, 0, whole.model_copy(update={"read": rules}))
        read(con, [source], lambda *_: "newest")
        typed = _typed(con, form, rules[0].entity)
        aside = [row[0] for row in con.execute("SELECT record_id FROM quarantine").fetchall()]
    return _altered(form, rows, kept) or _lost(rows, typed, aside) or _wrong(form, rows, typed)


def _typed(con: duckdb.DuckDBPyConnection, form: Form, entity: str) -> dict[str, Any]:
    """The number of each record that was typed, or None."""
    attribute = NUMBERS.get(form.crm, ("", "NULL"))[1]
    found = con.execute(f"SELECT record_id, {attribute} FROM stage_{entity}").fetchall()
    return dict(found)


def _altered(form: Form, rows: Rows, kept: Mapping[str, str]) -> str:
    if kept.keys() != rows.keys():
        missing = sorted(rows.keys() - kept.keys())
        return f"{len(missing)} records are missing, such as {missing[:1]}"
    for key, row in rows.items():
        if kept[key] not in mended(form.page({key: row}).encode()).decode():
            return f"{key} is not kept as it came: {kept[key]:.200}"
    return ""


def _lost(rows: Rows, typed: Mapping[str, Any], aside: Sequence[str]) -> str:
    neither = rows.keys() - typed.keys() - set(aside)
    if neither:
        return f"{min(neither)} is neither typed nor set aside: {rows[min(neither)]}"
    both = typed.keys() & set(aside)
    return f"{min(both)} is typed and set aside" if both else ""


def _wrong(form: Form, rows: Rows, typed: Mapping[str, Any]) -> str:
    """Plain numbers must arrive to the cent."""
    if form.crm not in NUMBERS:
        return ""
    name = NUMBERS[form.crm][0]
    for key, found in typed.items():
        text = rows[key][name]
        if _plain(text) and (found is None or Decimal(str(found)) != Decimal(text)):
            return f"{key}: {name} is {found}, not {text}"
    return ""


def _plain(text: str) -> bool:
    whole, _, cents = text.removeprefix("-").partition(".")
    return whole.isdigit() and len(whole) < 12 and (not cents or (cents.isdigit() and len(cents) <= 2))


def _by_hand(town: Town, form: Form, rows: Rows) -> str:
    """As a script does it: parse the page and convert."""
    del town
    try:
        for row in json.loads(f"[{','.join('{' + _members(row) + '}' for row in rows.values())}]"):
            str(row).encode()
            float(row.get(NUMBERS.get(form.crm, ("", ""))[0], 0))
    except (TypeError, ValueError) as error:
        return f"{form.object}: {error}"
    return ""


NAIVE = {"converted by hand": plain}
