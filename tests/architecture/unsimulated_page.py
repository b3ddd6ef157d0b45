"""python -m tests.architecture.unsimulated_page writes docs/not-simulated.md from the simulators' unsimulated.py."""

from __future__ import annotations

from collections.abc import Iterable

from cs_connector.adapters.hubspot.simulator import unsimulated as hubspot
from cs_connector.adapters.salesforce.simulator import unsimulated as salesforce
from cs_connector.adapters.salesforce.simulator.schema.standard_absent import ABSENT
from cs_connector.adapters.zendesk.simulator import unsimulated as zendesk

from .tree import ROOT

PAGE = ROOT / "docs" / "not-simulated.md"
HEAD = """\
# What is not simulated

The real systems answer these addresses, the [sandbox](sandbox.md) does not: each gets status 501 with the vendor's error
body and a sentence, never a wrong success. An address that is neither here nor answered is one that the vendor does not have
either, as far as we know. This page is made from `adapters/<crm>/simulator/unsimulated.py`.
"""


def page() -> str:
    return f"{HEAD}\n{_salesforce()}\n{_hubspot()}\n{_zendesk()}"


def _salesforce() -> str:
    rows = [(f"/services/data/vNN.0/{name}", what) for name, what in salesforce.RESOURCES.items()]
    below = "/services/data/vNN.0/sobjects/"
    rows += [(f"{below}{name}", what) for name, what in salesforce.SOBJECTS.items()]
    rows += [(f"{below}*/{name}", what) for name, what in salesforce.OF_OBJECTS.items()]
    rows += [(f"{below}*/*/{name}", what) for name, what in salesforce.OF_RECORDS.items()]
    rows += [(f"{below}*/describe/", salesforce.LAYOUT)]
    rows += [("/services/data/vNN.0/tooling/*", salesforce.TOOLING)]
    rows += [("/services/data/vNN.0/jobs/query/*/resultPages", salesforce.RESULT_PAGES)]
    rows += [(f"/services/data/vNN.0/jobs/{name}", what) for name, what in salesforce.JOBS.items()]
    rows += [(f"/services/{name}", what) for name, what in salesforce.SERVICES.items()]
    rows += [(f"/{name}", what) for name, what in salesforce.ELSEWHERE.items()]
    names = ", ".join(f"`{name}`" for name in sorted(ABSENT))
    section = _section("Salesforce", [*rows, ("/services/async", salesforce.BULK_1)])
    return f"{section}\nNor are the records of these standard objects: {names}.\n"


def _hubspot() -> str:
    rows = [("/".join(path), what) for path, what in hubspot.AREAS.items()]
    kinds = ", ".join(f"`{kind}`" for kind in sorted(hubspot.KINDS))
    return _section("HubSpot", rows) + f"\nNor are the records of these objects: {kinds}.\n"


def _zendesk() -> str:
    return _section("Zendesk", [(f"/api/v2/{path}", what) for path, what in zendesk.KNOWN])


def _section(crm: str, rows: Iterable[tuple[str, str]]) -> str:
    """A table, one row a sentence, with every address that gets it."""
    told: dict[str, list[str]] = {}
    for path, what in rows:
        told.setdefault(what, []).append(f"`{path}`")
    lines = [f"| {what} | {', '.join(paths)} |" for what, paths in told.items()]
    return "\n".join([f"## {crm}", "", "| what | addresses that begin with |", "|---|---|", *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
