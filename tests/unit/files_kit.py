"""The adapter for files over a folder of a test: one object, read page by page."""

from __future__ import annotations

import json

from cs_connector.adapters.files import Files

from cs_connector.ports import Read
from cs_connector.testing.surroundings import surroundings

MBOX = b"""From anna@acme.example Mon Nov 23 09:00:00 2026
From: =?utf-8?q?Anna_M=C3=BCller?= <Anna@Acme.example>
To: "Ben, CSM" <ben@vendor.example>, carla@vendor.example
Date: Mon, 23 Nov 2026 10:00:00 +0100
Subject: =?iso-8859-1?q?R=E9union?=
Message-ID: <1@acme.example>

From: what follows is text and never read
Secret: text

From robot@acme.example Mon Nov 23 09:00:00 2026
From: robot@acme.example
To: ben@vendor.example
Date: Mon, 23 Nov 2026 09:30:00 +0000
Subject: =?no-such-charset?q?abc?= \xff\xfe
Auto-Submitted: auto-replied
Message-ID: <2@acme.example>

away

From nobody Mon Nov 23 09:00:00 2026
From: nobody@acme.example
Date: not a date
Message-ID: <3@acme.example>

"""


def files(root, **shape):
    shape = {"pattern": "*", "key": ["tenant", "date"], "modified": "date"} | shape
    return Files(Files.Settings(root=root, objects={"things": shape}), surroundings("files"))


def read(adapter, cursor=None):
    pages = list(adapter.read(Read("things", (), cursor)))
    return [record for page in pages for record in page.records], pages[-1].cursor


def rows(records):
    return [json.loads(record.payload) for record in records]
