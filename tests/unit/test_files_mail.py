"""Logs of mail: who wrote to whom and when, whatever program kept them, and what is odd in them is named."""

from __future__ import annotations

import pytest
from cs_connector.adapters.files.headers import Headers
from pydantic import ValidationError

from .files_kit import MBOX, files, read, rows


def test_a_mailbox_gives_the_headers_of_its_messages_and_nothing_else(tmp_path):
    (tmp_path / "a.mbox").write_bytes(MBOX)
    (tmp_path / "b.eml").write_bytes(MBOX.split(b"\n", 1)[1].split(b"From robot")[0].replace(b"<1@", b"<4@"))
    records, _ = read(files(tmp_path, format="mail", key=[], modified=None))
    one, two, bad, eml, odd = rows(records)
    assert len(one.pop("message")) == 32
    assert one == {
        "message_id": "1@acme.example",
        "at": "2026-11-23T09:00:00Z",
        "from_name": "Anna Müller",
        "from_address": "anna@acme.example",
        "to_addresses": ["ben@vendor.example", "carla@vendor.example"],
        "cc_addresses": [],
        "subject": "Réunion",
        "in_reply_to": None,
        "automatic": False,
        "direction": None,
        "other_address": "anna@acme.example",
        "other_domain": "acme.example",
    }
    assert records[0].modified_at == "2026-11-23T09:00:00Z"
    assert (two["automatic"], one["automatic"]) == (True, False)
    assert "date" in bad["__error__"]
    assert odd["__error__"].startswith("Subject of the message")
    assert eml["message_id"] == "4@acme.example"
    assert not [r.id for r in records if "@" in r.id], "an id can tell who wrote"
    assert b"text" not in b"".join(r.payload for r in records)


def letter(number, subject=b"Hello", body=b"text\n", more=b""):
    head = b"From: anna@acme.example\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nMessage-ID: <%d>\nSubject: %s\n%s\n%s\n"
    return head % (number, subject, more, body)


ENVELOPE = b"From anna@acme.example Mon Nov 23 09:00:00 2026\n"


def mail(root):
    found = rows(read(files(root, format="mail", key=[], modified=None))[0])
    good = [row for row in found if "__error__" not in row]
    return good, {row["__line__"]: row["__error__"] for row in found if "__error__" in row}


@pytest.mark.parametrize(
    "line",
    [
        b"From what I hear, all is well.",
        b"From me",
        b">From me",
        b"From 23 Nov 2026, 10:00 on we are closed.",
    ],
)
def test_a_line_of_a_text_that_begins_with_from_begins_no_message(tmp_path, line):
    text = b"Hello,\n" + line + b"\n\n" + line + b"\n\n"
    (tmp_path / "a.mbox").write_bytes(ENVELOPE + letter(1, body=text) + ENVELOPE + letter(2))
    good, bad = mail(tmp_path)
    assert [row["message_id"] for row in good] == ["1", "2"]
    assert bad == {}


@pytest.mark.parametrize(
    "line",
    [
        b"From 1783@xxx Mon Nov 23 09:00:00 +0000 2026",
        b"From - Mon Nov  2 09:00:00 2026",
        b"From MAILER-DAEMON Mon Nov 23 09:00 EST 2026\r",
        b"From anna@acme.example Mon, 23 Nov 2026 09:00:00 +0100",
        b'From "Anna M" <anna@acme.example> Mon Nov 23 09:00:00 2026 remote from acme',
        b"From anna@acme.example 2026-11-23T09:00:00Z",
    ],
)
def test_whatever_program_wrote_the_mailbox_its_messages_are_found(tmp_path, line):
    (tmp_path / "a.mbox").write_bytes(ENVELOPE + letter(1) + line + b"\n" + letter(2))
    assert [row["message_id"] for row in mail(tmp_path)[0]] == ["1", "2"]


def test_a_line_that_may_begin_a_message_is_named(tmp_path):
    unparted = ENVELOPE + letter(1).rstrip() + b"\n" + ENVELOPE + letter(2)
    (tmp_path / "a.mbox").write_bytes(
        unparted + b"From anna@acme.example\n" + letter(3) + ENVELOPE + letter(4)
    )
    good, bad = mail(tmp_path)
    assert [row["message_id"] for row in good] == ["1", "4"]
    assert {line: why.partition(",")[0] for line, why in bad.items()} == {
        8: "this line looks like the beginning of a message",
        16: "a line From without a date",
    }


def test_a_log_of_headers_only_needs_no_empty_lines(tmp_path):
    heads = [letter(n).partition(b"\n\n")[0] + b"\n" for n in (1, 2)]
    (tmp_path / "a.mbox").write_bytes(ENVELOPE + heads[0] + ENVELOPE + heads[1])
    assert [row["message_id"] for row in mail(tmp_path)[0]] == ["1", "2"]


def test_what_is_no_mailbox_is_named(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\nDear all,\nFrom now on\n")
    (tmp_path / "b.mbox").write_bytes(b"")
    (tmp_path / "c.EML").write_bytes(b"\xef\xbb\xbf" + letter(1))
    (tmp_path / "d.eml").write_bytes(letter(2).decode().encode("utf-16"))
    good, bad = mail(tmp_path)
    assert [row["message_id"] for row in good] == ["1"]
    assert "does not begin with a line From" in bad[2]
    assert "UTF-16" in bad[1]


NAMED = b"Content-Type: text/plain; charset=iso-8859-1\n"


@pytest.mark.parametrize(
    ("subject", "more", "said", "odd"),
    [
        ("Réunion".encode("latin-1"), b"", r"R\xe9union", True),
        ("Réunion".encode("latin-1"), NAMED, "Réunion", False),
        ("Réunion".encode(), b"", "Réunion", False),
        (b"=?utf-8?q?R=E9union?=", b"", "=?utf-8?q?R=E9union?=", True),
        (b"=?x-nix?q?R=E9union?=", b"", "=?x-nix?q?R=E9union?=", True),
        (b"=?iso-8859-1?q?R=E9union?=", b"", "Réunion", False),
        (b"\xff", b"Content-Type: text/plain; charset=hex\n", r"\xff", True),
    ],
)
def test_a_header_that_is_not_of_its_character_set_is_named_and_kept(tmp_path, subject, more, said, odd):
    (tmp_path / "a.mbox").write_bytes(ENVELOPE + letter(1) + ENVELOPE + letter(2, subject, more=more))
    good, bad = mail(tmp_path)
    assert [row["subject"] for row in good] == ["Hello", said]
    assert list(bad) == ([10] if odd else [])
    assert not odd or bad[10].startswith("Subject of the message that begins here")


def test_a_log_in_a_wrong_character_set_is_one_line_until_it_is_mended(tmp_path):
    adapter = files(tmp_path, format="mail", key=[], modified=None)
    for name in "abc":
        odd = [letter(name.encode()[0] * 100 + n, b"\xe9") for n in range(10)]
        (tmp_path / f"{name}.mbox").write_bytes(b"".join(ENVELOPE + text for text in odd))
    records, cursor = read(adapter)
    assert len(records) == 31, "so many lines would make the others of the log not believed"
    assert "29 other messages (also in b.mbox, c.mbox)" in rows(records)[-1]["__error__"]
    assert read(adapter, cursor)[0] == []
    for name in "abc":
        (tmp_path / f"{name}.mbox").write_bytes(ENVELOPE + letter(1))
    assert [r.id for r in read(adapter, cursor)[0] if r.deleted] == [records[-1].id]


LETTER = """From x Mon Nov 23 09:00:00 2026
From: {}
To: {}
Cc: {}
Date: Mon, 23 Nov 2026 10:00:00 +0100
Message-ID: <{}>

"""


def test_of_a_message_it_is_known_who_is_outside(tmp_path):
    ours, also, theirs = "ben@Vendor.example", "carla@eu.vendor.example", "anna@acme.example"
    sent = [(theirs, ours, ""), (ours, also, theirs), (ours, also, ""), ("eve@notvendor.example", theirs, "")]
    text = "".join(LETTER.format(*people, number) for number, people in enumerate(sent))
    (tmp_path / "a.mbox").write_text(text)
    found = rows(
        read(files(tmp_path, format="mail", key=[], modified=None, own_domains=["vendor.example"]))[0]
    )
    assert [(r["direction"], r["other_address"], r["other_domain"]) for r in found] == [
        ("in", theirs, "acme.example"),
        ("out", theirs, "acme.example"),
        ("internal", None, None),
        ("in", "eve@notvendor.example", "notvendor.example"),
    ]


@pytest.mark.parametrize(
    "shape", [{"format": "mail", "own_domains": ["@us"]}, {"own_domains": ["us.example"]}]
)
def test_domains_of_our_own_are_domains_and_for_mail(tmp_path, shape):
    with pytest.raises(ValidationError, match=r"is no domain|is for mail"):
        files(tmp_path, **shape)


BROKEN_MAIL = [
    (b"=?iso-8859-1?q?R=E9union?=", b"=?utf-\xff?q?R=E9union?="),
    (b"Mon, 23 Nov 2026 10:00:00 +0100", b"Mon, 1 Jan 0001 00:00:00 +1400"),
    (b"Mon, 23 Nov 2026 10:00:00 +0100", b"1 Jan 2026 99:99:99 +99999999"),
]


@pytest.mark.parametrize(("right", "wrong"), BROKEN_MAIL)
def test_a_message_with_broken_headers_stops_no_other(tmp_path, right, wrong):
    (tmp_path / "a.mbox").write_bytes(MBOX.replace(right, wrong))
    found = rows(read(files(tmp_path, format="mail", key=[], modified=None))[0])
    assert "2@acme.example" in [row.get("message_id") for row in found]


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        ("'anna@acme.example' <anna@acme.example>", ["anna@acme.example"]),
        ("'anna@acme.example'", ["anna@acme.example"]),
        (
            "anna@acme.example <anna@acme.example>, ben@beta.example",
            ["anna@acme.example", "ben@beta.example"],
        ),
        ("=?utf-8?q?anna@acme.example?= <Anna@acme.example>", ["anna@acme.example"]),
        ("Smith, John <john@acme.example>; <lee@acme.example>", ["john@acme.example", "lee@acme.example"]),
        ("Anna [Acme] <anna@acme.example>, undisclosed-recipients:;", ["anna@acme.example"]),
        ("anna@b\udcfccher.example", ["anna@b\\xfccher.example"]),
        ("Anna <anna@bücher.example>, root@[10.0.0.1]", ["anna@bücher.example", "root@[10.0.0.1]"]),
        ('"a@b"@acme.example', ['"a@b"@acme.example']),
        ("anna@acme.example/home, Tjong <'tjong@x.example>", ["anna@acme.example/home", "'tjong@x.example"]),
        ("<anna@acme.example?subject=x>", ["anna@acme.example?subject=x"]),
    ],
)
def test_addresses_are_found_as_programs_write_them(written, addresses):
    """Outlook puts an address in quotes before the same address, and others put it there as it is."""
    assert [
        address for _, address in Headers(f"To: {written}\n".encode("utf-8", "surrogateescape")).people("To")
    ] == addresses


def test_the_name_of_an_address_that_is_named_twice_is_kept():
    head = b"To: anna@acme.example, Anna <anna@acme.example>\n"
    assert Headers(head).people("To") == [("Anna", "anna@acme.example")]
