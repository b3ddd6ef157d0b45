"""Mistakes that would ruin a CRM if they were written: each is an edit of a project, or of its CRMs, after a good first run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .stage import Project, Sandbox

SHIPPED = Path(__file__).parents[2] / "mappings"
CRMS = ("salesforce", "hubspot", "zendesk")
Does = Callable[[Project, Sandbox], None]


@dataclass(frozen=True)
class Disaster:
    """`code` is how it must end, `says` what the message must have in it; `words` is the command, a run if not given.

    One that computes all scores, and is much like another, is tried `seldom`. `of` are the CRMs that it would ruin, each alone.
    """

    name: str
    does: Does
    code: int
    says: str
    words: tuple[str, ...] = ("run", "--quiet")
    seldom: bool = False
    of: tuple[str, ...] = CRMS

    @property
    def of_plan(self) -> bool:
        """It befalls a plan that is there already."""
        return self.words[0] == "apply"


def shipped(name: str, *edits: tuple[str, str], to: str | None = None) -> Does:
    """Lay a file that ships into the project, with texts replaced by others; every one must be there."""

    def does(project: Project, _sandbox: Sandbox) -> None:
        target = project.root / (to or _home(name))
        text = target.read_text() if target.exists() else (SHIPPED / name).read_text()
        for pattern, new in edits:
            text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
            assert count, f"{pattern!r} is not in {name}"
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_text(text)

    return does


def _home(name: str) -> str:
    return name if "/" in name else f"mappings/{name}"


def file(name: str, text: str) -> Does:
    def does(project: Project, _sandbox: Sandbox) -> None:
        (project.root / name).parent.mkdir(exist_ok=True, parents=True)
        (project.root / name).write_text(text)

    return does


def settings(*edits: tuple[str, str]) -> Does:
    return shipped("cs-connector.yml", *edits, to="cs-connector.yml")


def secrets(*edits: tuple[str, str]) -> Does:
    return shipped("secrets.env", *edits, to="secrets.env")


def fault(crm: str, **do: Any) -> Does:
    return lambda _project, sandbox: sandbox.faults({"crm": crm, "do": do})


def both(*all_of: Does) -> Does:
    def does(project: Project, sandbox: Sandbox) -> None:
        for each in all_of:
            each(project, sandbox)

    return does


def swapped(project: Project, _sandbox: Sandbox) -> None:
    """The logins of two portals change places."""
    path = project.root / "cs-connector.yml"
    text = path.read_text()
    one, two = (_block(text, name) for name in ("hubspot", "hubspot_emea"))
    for old, new in ((two, "\0"), (one, two.replace("hubspot_emea:", "hubspot:", 1))):
        text = text.replace(old, new)
    path.write_text(text.replace("\0", one.replace("hubspot:", "hubspot_emea:", 1)))


def _block(text: str, name: str) -> str:
    found = re.search(rf"^  {name}:\n(?:    .*\n)+", text, re.MULTILINE)
    assert found
    return found[0]


def small_change(project: Project, sandbox: Sandbox) -> None:
    """Something that may be written: a few scores move a little."""
    shipped(STANDARD, (r"(metric: executive_contact\n    weight:) 5", r"\1 6"))(project, sandbox)


def drawn(project: Project, sandbox: Sandbox) -> None:
    """Make a plan with something in it."""
    small_change(project, sandbox)
    project.do("plan", "--json", "--out", str(project.root / "plan.json"), code=None)


def edited(change: Callable[[dict[str, Any]], None]) -> Does:
    def does(project: Project, _sandbox: Sandbox) -> None:
        path = project.root / "plan.json"
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return does


APPLY = ("apply", "plan.json", "--approve", "I know", "--quiet")
STANDARD = "scorecards/standard.yml"
CAPPED = ("standard", "new_customer", "services_engagement")


def of_one(crm: str, name: str, key: str) -> list[Disaster]:
    """Mistakes in what is written to a CRM beside Salesforce; `key` is the field of our key, `name` that of the customer's."""
    mapping = f"{crm}.yml"
    renewal, reason = r"cs_renewal_date: \{column: renewal_on", r"cs_health_reason: \{column: reason"
    score = r"cs_health_score: \{column: score, type: number\}"
    org = (rf"  {crm}:\n    adapter: {crm}\n", f"  {crm}:\n    adapter: {crm}\n    org_id: '1'\n")
    return [
        Disaster(f"{crm}: the renewal is written as the day of the band", shipped(mapping, (renewal, "cs_renewal_date: {column: band_since")), 5, "cs_renewal_date", seldom=True, of=(crm,)),
        Disaster(f"{crm}: texts in one another's field", shipped(mapping, (reason, "cs_health_reason: {column: next_step")), 5, "cs_health_reason", seldom=True, of=(crm,)),
        Disaster(f"{crm}: two rules write one field", shipped(mapping, (score, "cs_health_score: {column: score, type: number}\n      cs_health_score: {column: coverage, type: percent}")), 2, rf"{crm}\.yml:", seldom=True, of=(crm,)),
        Disaster(f"{crm}: our key in another field", shipped(mapping, (rf"^      {key}: key", f"      {name}: key")), 2, name, seldom=True, of=(crm,)),
        Disaster(f"{crm}: another org than declared", settings(org), 5, "declared|knows", seldom=True, of=(crm,)),
    ]  # fmt: skip


TOO_OLD = Disaster(
    "a plan that is too old",
    lambda _p, sandbox: sandbox.advance("PT25H"),
    5,
    "older than a day",
    APPLY,
    seldom=True,
)
"""Where the day passes no other test may go on: the clock of a sandbox never goes back."""

DISASTERS = [
    Disaster("a weight of everything", shipped(STANDARD, (r"(metric: nps\n    weight:) 10", r"\1 5000")), 5, "scores? changes?", seldom=True),
    Disaster("weights of nothing", shipped(STANDARD, (r"weight: \d+", "weight: 0")), 2, "weight"),
    Disaster("a curve turned round", shipped(STANDARD, (r"\[\[0, 0\], \[0.25, 40\], \[0.5, 65\], \[0.8, 100\]\]", "[[0, 100], [0.25, 65], [0.5, 40], [0.8, 0]]"), (r"\[\[0.5, 0\], \[0.7, 30\], \[0.85, 60\], \[1, 85\], \[1.15, 100\]\]", "[[0.5, 100], [0.7, 85], [0.85, 60], [1, 30], [1.15, 0]]")), 5, r"scorecards/standard\.yml"),
    Disaster("an empty scorecard", file(STANDARD, "version: 1\ntitle: Standard\nmeasures: []\n"), 2, r"standard\.yml"),
    Disaster("half of it must be known, now all", shipped(STANDARD, ("minimum_coverage: 0.5", "minimum_coverage: 1")), 5, "lose their score", seldom=True),
    Disaster("a metric renamed", shipped(STANDARD, ("metric: active_share", "metric: active_users_share")), 2, "active_users_share"),
    Disaster("no override holds any more", both(*(shipped(f"scorecards/{name}.yml", (r"^overrides: .*", "overrides: []")) for name in CAPPED)), 5, "standard.yml", seldom=True),
    Disaster("everybody is capped at nothing", file("overrides.yml", "version: 1\noverrides:\n  all:\n    when: 1 = 1\n    cap: 0\n    driver: Usage\n    reason: capped\n    fix: nothing\n"), 5, "overrides.yml", seldom=True),
    Disaster("nobody is a customer", file("mappings/customers.yml", "version: 1\nany_of: [won_opportunity]\nwon_days: 1\n"), 5, "lose"),
    Disaster("everybody is a customer", both(file("mappings/customers.yml", "version: 1\nany_of: [live_subscription, account_type]\n"), shipped("salesforce.yml", (r"kind: \{field: Type, .*\}", "kind: {const: customer}"))), 5, "become customers", seldom=True, of=CRMS[:2]),
    Disaster("the words for live are lost", shipped("salesforce.yml", (r"status: Status__c", "status: {field: Status__c, values: {Aktiv: Active}, default: Ended}")), 5, "salesforce.yml", seldom=True),
    Disaster("a month's revenue for a year's", shipped("salesforce.yml", (r"arr: ARR__c", "arr: {field: ARR__c, unit: {from: per month, to: per year}}")), 5, "ARR__c|cs_arr", seldom=True, of=CRMS[:2]),
    Disaster("the renewal is the start", shipped("salesforce.yml", (r"renewal_on: Renewal_Date__c", "renewal_on: Start_Date__c")), 5, r"[Rr]enewal_[Dd]ate"),
    Disaster("the renewal is written as the day of the band", shipped("salesforce.yml", (r"Renewal_Date__c: \{column: renewal_on", "Renewal_Date__c: {column: band_since")), 5, "Renewal_Date__c", seldom=True, of=CRMS[:1]),
    Disaster("texts in one another's field", shipped("salesforce.yml", (r"CS_Health_Reason__c: \{column: reason", "CS_Health_Reason__c: {column: next_step")), 5, "CS_Health_Reason__c", seldom=True, of=CRMS[:1]),
    Disaster("the customers' own fields are filled", shipped("salesforce.yml", (r"^      CS_Stage__c: stage", "      CS_Stage__c: stage\n      Description: {column: reason, length: 255}\n      Site: {column: score, type: text}")), 5, r"never written by us is filled.*Account\.Description", seldom=True, of=CRMS[:1]),
    Disaster("every relationship under a new key", file("mappings/relationships.yml", "version: 1\nrelationships:\n  - {from: subscription, key: [product, start_on]}\n"), 5, "relationship", of=CRMS[:1]),
    Disaster("two rules write one field", shipped("salesforce.yml", (r"CS_Health_Score__c: \{column: score, type: number\}", "CS_Health_Score__c: {column: score, type: number}\n      CS_Health_Score__c: {column: coverage, type: percent}")), 2, "salesforce.yml:", of=CRMS[:1]),
    Disaster("our key in another field", shipped("salesforce.yml", (r"      CS_Key__c: key", "      Name: key")), 2, r"Account\.Name", of=CRMS[:1]),
    Disaster("a rule that fires for everybody", both(file("rules/everybody.yml", "version: 1\nrule: everybody\nrank: 1\ntype: Adoption\nwhen: value_score <= 100\ndue_days: 5\nshort: everybody\nwhy: Everybody.\ndo: [Call]\ncloses_when: Never\n"), settings((r"safety:\n", "tasks: {risk_per_week: 500, opportunity_per_week: 500}\nsafety:\n"))), 5, "tasks", of=CRMS[:2]),
    Disaster("a template that refers to nothing", shipped("rules/health_fell.yml", (r"why: .*", 'why: "Health fell to {nothing_of_that_name}."')), 2, "nothing_of_that_name"),
    Disaster("everybody red, and live, on day one", both(shipped(STANDARD, (r"curve: .*", "curve: {line: [[0, 0], [1, 0]]}"), ("(?m)^    by_segment:\n.*\n", "")), settings((r"go_live: live", "go_live: live  # now"))), 5, "standard.yml", seldom=True),
    Disaster("limits that let everything through", settings((r"safety:\n", "safety:\n  max_changed_share: 1\n  max_band_moves_share: 1\n")), 2, "max_changed_share"),
    Disaster("a limit in per cent", settings((r"safety:\n", "safety:\n  max_cleared_share: 20\n")), 2, "max_cleared_share"),
    Disaster("a time zone that is none", settings((r"Europe/Berlin", "Europe/Bärlin")), 2, "time zone"),
    Disaster("a day to come", both(), 5, "days between today", ("run", "--quiet", "--as-of", "2027-06-30"), seldom=True),
    Disaster("a day long gone", both(), 5, "days between today|nothing", ("run", "--quiet", "--as-of", "2026-06-30"), seldom=True),
    Disaster("another org than declared", settings((r"  salesforce:\n    adapter: salesforce\n", "  salesforce:\n    adapter: salesforce\n    org_id: 00D000000000001AAA\n")), 5, "00D000000000001AAA", of=CRMS[:1]),
    Disaster("the login of another portal", swapped, 5, "is not the hubspot that it was"),
    Disaster("most contacts are hidden", fault("salesforce", hide={"object": "Contact", "share": 0.6}), 5, "far fewer"),
    Disaster("most companies are hidden", fault("hubspot", hide={"object": "companies", "share": 0.6}), 5, "far fewer", seldom=True),
    Disaster("most organizations are hidden", fault("zendesk", hide={"object": "organizations", "share": 0.6}), 5, "far fewer", seldom=True),
    Disaster("the field that says who is who is gone", fault("hubspot", remove_field={"object": "companies", "field": "salesforceaccountid"}), 5, "salesforceaccountid"),
    Disaster("a CRM is down", fault("salesforce", status=503), 4, "salesforce: "),
    Disaster("a login was taken away", both(secrets((r"(ZENDESK_CLIENT_SECRET=).*", r"\1nothing")), fault("zendesk", expire_token=True)), 3, "zendesk: "),
    Disaster("all writes are stopped", settings((r"safety:\n", "safety:\n  writes: false\n")), 5, "writes: false", APPLY),
    Disaster("a plan that was edited", edited(lambda d: d["changes"][0].update(key="other")), 5, "edited", APPLY),
    Disaster("a plan whose limits were edited", edited(lambda d: d["guard"][0].update(limit=1e9)), 5, "edited", APPLY),
    Disaster("half a plan", edited(lambda d: d.pop("guard")), 2, "not a whole plan", APPLY),
    Disaster("a plan of yesterday's files", settings((r"safety:\n", "safety:\n  max_tasks_per_owner: 9\n")), 5, "configuration has changed", APPLY),
    TOO_OLD,
    Disaster("a plan for another org", edited(lambda d: d["connections"][0].update(org_id="00D000000000001AAA")), 5, "another org", APPLY),
    Disaster("hubspot: the customers' own fields are filled", shipped("hubspot.yml", (r"^      cs_arr: ", "      description: {column: reason, length: 255}\n      cs_arr: ")), 5, r"never written by us is filled.*companies\.description", seldom=True, of=("hubspot",)),
    *of_one("hubspot", "name", "cs_key"),
    *of_one("zendesk", "name", "cs_key"),
]  # fmt: skip
