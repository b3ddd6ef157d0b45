"""The demo company's usage, invoices, letters and the like, as the files that its own systems would drop in a folder."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from cs_connector.sandbox.company import Account, Company, Invoice, Usage
from cs_connector.sandbox.ids import sales_id

from . import papers

_USAGE = ("tenant", "crm_id", "product", "metric", "date", "grain", "value")
_INVOICE = ("invoice", "crm_id", "issued", "due", "paid", "amount", "currency")


def write(company: Company, root: Path) -> None:
    """Fill `root`: usage/<month>.csv.gz and usage/trials.csv.gz, iris/usage.csv, invoices/<year>.csv, mail/<year>.mbox,
    documents/<customer>/, market/reviews.csv and market/mailings.csv.
    """
    with ExitStack() as stack:
        folder = _Folder(root, stack)
        for account in company.everybody():
            for usage in account.usage:
                folder.writer(_place(usage), _USAGE).writerow(_line(account, usage))
            for invoice in account.invoices:
                place = f"invoices/{invoice.issued_on.year}.csv"
                folder.writer(place, _INVOICE).writerow(_bill(account, invoice))
            _papers(company, account, folder)


def _papers(company: Company, account: Account, folder: _Folder) -> None:
    for name, text in papers.letters(account, company.users):
        folder.binary(name).write(text)
    papers.documents(account, company, folder.root)
    for review in account.reviews:
        folder.writer("market/reviews.csv", papers.REVIEW).writerow(papers.review(account, review))
    for mailing in account.mailings:
        folder.writer("market/mailings.csv", papers.MAILING).writerows(papers.mailing(account, mailing))


class _Folder:
    """CSV writers and plain files by path below a root, opened at first use and closed by the stack."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root, self._stack = root, stack
        self._writers: dict[str, Any] = {}
        self._plain: dict[str, BinaryIO] = {}

    def binary(self, name: str) -> BinaryIO:
        if name not in self._plain:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._plain[name] = self._stack.enter_context(path.open("wb"))
        return self._plain[name]

    def writer(self, name: str, header: tuple[str, ...]) -> Any:
        found = self._writers.get(name)
        if found is None:
            found = self._writers[name] = csv.writer(self._open(name), lineterminator="\n")
            found.writerow(header)
        return found

    def _open(self, name: str) -> io.TextIOBase:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".gz":
            return self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
        raw = self._stack.enter_context(path.open("wb"))
        # No name and no time inside: the same company makes the same bytes.
        packed = gzip.GzipFile("", "wb", 3, raw, mtime=0)
        return self._stack.enter_context(io.TextIOWrapper(packed, encoding="utf-8", newline=""))


def _place(usage: Usage) -> str:
    if usage.feed != "usage":
        return f"{usage.feed}/usage.csv"
    return f"usage/{usage.on:%Y-%m}.csv.gz" if usage.grain == "month" else "usage/trials.csv.gz"


def _line(account: Account, usage: Usage) -> list[str]:
    tenant = account.domain.partition(".")[0]
    value = "1O7,x" if usage.flaw == "number" else str(usage.value)
    cells = [
        tenant,
        sales_id("001", account.index),
        usage.product,
        usage.metric,
        usage.on.isoformat(),
        usage.grain,
        value,
    ]
    return cells[:-1] if usage.flaw == "column" else cells


def _bill(account: Account, invoice: Invoice) -> list[str]:
    paid = invoice.paid_on.isoformat() if invoice.paid_on else ""
    amount = f"{invoice.amount // 100}.{invoice.amount % 100:02d}"
    days = [invoice.issued_on.isoformat(), invoice.due_on.isoformat(), paid]
    return [invoice.number, sales_id("001", account.index), *days, amount, account.currency]


def connect(company: Company, root: Path) -> dict[str, dict[str, Any]]:
    """Write the files, and say how to read them: the settings of each connection.

    The product of one customer reports for itself, so its usage is a connection of its own; so are mail, documents and what
    the market says, which have mappings of their own.
    """
    write(company, root)
    usage = {"format": "csv", "key": ["crm_id", "product", "metric", "date"], "modified": "date"}
    invoices = {"pattern": "invoices/*.csv", "format": "csv", "key": ["invoice"]}
    reviews = {"pattern": "market/reviews.csv", "key": ["review"]}
    mailings = {"pattern": "market/mailings.csv", "key": ["message", "event"]}
    objects: dict[str, dict[str, Any]] = {
        "files": {"usage": {"pattern": "usage/*.csv.gz", **usage}, "invoices": invoices},
        "iris_usage": {"usage": {"pattern": "iris/*.csv", **usage}},
        "mail": {"mail": {"pattern": "mail/*.mbox", "format": "mail", "own_domains": [papers.OURS]}},
        "documents": {"documents": {"pattern": "documents/**/*.*", "format": "documents"}},
        "market": {"reviews": reviews, "mailings": mailings},
    }
    mappings = {
        "iris_usage": "usage_files", "mail": "mail_files", "documents": "document_files", "market": "market_files",
    }  # fmt: skip
    return {
        name: {"crm": "files", "root": str(root), "objects": shapes}
        | ({"mapping": mappings[name]} if name in mappings else {})
        for name, shapes in objects.items()
    }
