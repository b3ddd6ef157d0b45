"""The demo company's letters, documents, reviews and mailings, as files: the same company makes the same bytes."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import Message
from email.utils import format_datetime, formataddr
from pathlib import Path
from xml.sax.saxutils import escape

from cs_connector.sandbox.company import Account, Company, Document, Letter, Mailing, Review, User
from cs_connector.sandbox.ids import sales_id

REVIEW = ("review", "crm_id", "site", "stars", "written")
MAILING = ("message", "crm_id", "address", "event", "at")
OURS = "ourcompany.example"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_CORE = (
    '<?xml version="1.0" encoding="UTF-8"?><cp:coreProperties '
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
    "<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><cp:category>{kind}</cp:category>"
    "<dcterms:created>{created}</dcterms:created><dcterms:modified>{modified}</dcterms:modified></cp:coreProperties>"
)
_CUSTOM = (
    '<?xml version="1.0" encoding="UTF-8"?><Properties '
    'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{}</Properties>'
)
_PROPERTY = '<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{}" name="{}"><vt:lpwstr>{}</vt:lpwstr></property>'


def letters(account: Account, users: tuple[User, ...]) -> Iterator[tuple[str, bytes]]:
    """The mailbox and the text of each message, of which only the headers matter."""
    for letter in account.letters:
        message = _message(account, letter, users[letter.ours])
        stamp = letter.at.astimezone(UTC).strftime("%a %b %d %H:%M:%S %Y")
        text = f"From MAILER-DAEMON {stamp}\n{message.as_string()}\n\n"
        yield f"mail/{letter.at:%Y}.mbox", text.encode()


def _message(account: Account, letter: Letter, user: User) -> Message:
    ours = formataddr((f"{user.first} {user.last}", user.email))
    person, message = letter.person, Message()
    if person:
        theirs = formataddr((f"{person.first} {person.last}", person.email or ""))
    else:
        theirs = "offers@unknown.example" if letter.inbound else f"team@{OURS}"
    message["From"], message["To"] = (theirs, ours) if letter.inbound else (ours, theirs)
    message["Date"] = format_datetime(letter.at)
    message["Subject"] = letter.subject
    message["Message-ID"] = _id(letter.key)
    if letter.answers is not None:
        message["In-Reply-To"] = _id(letter.answers)
    if letter.automatic:
        message["Auto-Submitted"] = "auto-replied"
    message.set_payload(f"This log holds no texts ({account.domain}).\n")
    return message


def _id(key: int) -> str:
    return f"<{key}@mail.{OURS}>"


def documents(account: Account, company: Company, root: Path) -> None:
    """Write documents/<customer>/<name>, last touched when their owners did."""
    for document in account.documents:
        slug = account.domain.partition(".")[0]
        path = root / "documents" / slug / f"{document.title.replace(' ', '-').lower()}.{document.ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        author = company.users[account.csm or 0]
        told = _told(account, document)
        path.write_bytes(_pdf(document, told) if document.ending == "pdf" else b"")
        if document.ending == "docx":
            _docx(path, document, f"{author.first} {author.last}", told)
        at = document.modified_at.timestamp()
        os.utime(path, (at, at))


def _told(account: Account, document: Document) -> dict[str, str]:
    """The properties that our own people give a document."""
    dates = {"SignedOn": document.signed_on, "ExpiresOn": document.expires_on}
    given = {"CustomerId": sales_id("001", account.index), "Product": document.product}
    return {n: str(v) for n, v in (given | dates).items() if v is not None}


def _docx(path: Path, document: Document, author: str, told: dict[str, str]) -> None:
    core = _CORE.format(
        title=escape(document.title), author=escape(author), kind=document.kind,
        created=_stamp(document.created_at), modified=_stamp(document.modified_at),
    )  # fmt: skip
    listed = "".join(
        _PROPERTY.format(number, name, escape(value)) for number, (name, value) in enumerate(told.items(), 2)
    )
    parts = {
        "word/document.xml": "<w/>",
        "docProps/core.xml": core,
        "docProps/custom.xml": _CUSTOM.format(listed),
    }
    with zipfile.ZipFile(path, "w") as box:
        for name, text in parts.items():
            box.writestr(zipfile.ZipInfo(name, _LONG_AGO), text)


def _pdf(document: Document, told: dict[str, str]) -> bytes:
    """A page without anything on it, and what the document says of itself."""
    about = {
        "Title": document.title, "Subject": document.kind, "CreationDate": f"D:{document.created_at:%Y%m%d%H%M%S}Z",
        "ModDate": f"D:{document.modified_at:%Y%m%d%H%M%S}Z", **told,
    }  # fmt: skip
    info = "".join(f"/{name} ({_plain(value)}) " for name, value in about.items())
    parts = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        f"<< {info}>>",
    )
    text, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer\n<< /Size 5 /Root 1 0 R /Info 4 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return (text + f"xref\n0 5\n0000000000 65535 f \n{table}{trailer}").encode("ascii", "replace")


def _plain(text: str) -> str:
    return text.replace("\\", "").replace("(", "").replace(")", "")


def review(account: Account, review: Review) -> list[str]:
    """A line of reviews.csv."""
    return [str(review.key), sales_id("001", account.index), review.site, str(review.stars), _day(review.on)]


def mailing(account: Account, mailing: Mailing) -> Iterator[list[str]]:
    """The lines of mailings.csv: one for each thing that happened to a message."""
    events = {"sent": mailing.sent_at, "opened": mailing.opened_at, "clicked": mailing.clicked_at}
    for event, at in events.items():
        if at is not None:
            address = mailing.person.email or ""
            yield [str(mailing.key), sales_id("001", account.index), address, event, _stamp(at)]


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _day(on: date) -> str:
    return on.isoformat()
