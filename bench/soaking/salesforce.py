"""What happens in a Salesforce org."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from .hand import Act, Hand, Record, Refused, pick, word

ROOT = "/services/data/v67.0"
KINDS = ("Account", "Contact", "Case", "Opportunity")
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:sobject.partner.soap.sforce.com">'
    "<e:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>"
    "<e:Body>{body}</e:Body></e:Envelope>"
)


class SalesforceHand(Hand):
    """Accounts and what belongs to them."""

    lag, kinds = "commit_lag_s", KINDS

    @property
    def acts(self) -> Sequence[tuple[int, Act]]:
        return (
            (6, self.create),
            (14, self.change),
            (5, self.delete),
            (3, self.undelete),
            (3, self.merge),
            (4, self.move),
            (3, self.purge),
            (8, self._live),
            (2, lambda dice: self.burst(dice, dice.randint(15, 45))),
        )

    def begin(self, dice: random.Random) -> None:
        for name in KINDS:
            self._make(name, dice, dice.randint(5, 30))

    def fill(self, name: str, dice: random.Random, many: int) -> None:
        self._make(name, dice, many)

    def change(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("PATCH", f"{ROOT}/sobjects/{name}/{key}", self._fields(name, dice))

    def move(self, dice: random.Random) -> None:
        """What belongs to an account goes to another one."""
        name = dice.choice(KINDS[1:])
        (key,), (account,) = pick(dice, self._ids(name)), pick(dice, self._ids("Account"))
        self._call("PATCH", f"{ROOT}/sobjects/{name}/{key}", {"AccountId": account})

    def delete(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("DELETE", f"{ROOT}/sobjects/{name}/{key}")
        self._bin.append(key)

    def undelete(self, dice: random.Random) -> None:
        key = self._taken(dice)
        self._soap(f"<undelete><ids>{key}</ids></undelete>")

    def purge(self, dice: random.Random) -> None:
        """Gone from the recycle bin too, mostly at once: no query shows it any more."""
        if not self._bin or dice.random() < 0.7:
            self.delete(dice)
        key = self._bin[-1]
        self._bin.remove(key)
        self._soap(f"<emptyRecycleBin><ids>{key}</ids></emptyRecycleBin>")

    def merge(self, dice: random.Random) -> None:
        name = dice.choice(KINDS)
        winner, loser = pick(dice, self._ids(name), 2)
        self._soap(
            f"<merge><request><masterRecord><o:type>{name}</o:type><o:Id>{winner}</o:Id></masterRecord>"
            f"<recordToMergeIds>{loser}</recordToMergeIds></request></merge>"
        )

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        rows = self._rows(f"SELECT {', '.join(dict.fromkeys(('Id', *fields)))} FROM {name}")
        return {row["Id"]: {field: row[field] for field in fields} for row in rows}

    def flat(self, name: str, payload: Record) -> Record:
        del name
        return payload

    def _make(self, name: str, dice: random.Random, many: int) -> None:
        for start in range(0, many, 200):
            count = min(200, many - start)
            records = [{"attributes": {"type": name}, **self._fields(name, dice)} for _ in range(count)]
            self._call("POST", f"{ROOT}/composite/sobjects", {"records": records})

    def _fields(self, name: str, dice: random.Random) -> dict[str, Any]:
        made = word(dice)
        match name:
            case "Contact":
                return {"LastName": made, "Title": word(dice)}
            case "Case":
                return {"Subject": made, "Priority": dice.choice(("High", "Low"))}
            case "Opportunity":
                amount = dice.randrange(10**8) / 100
                return {"Name": made, "StageName": "Prospecting", "CloseDate": "2027-03-01", "Amount": amount}
        return {"Name": made, "Industry": dice.choice(("Banking", "Energy", "Retail"))}

    def _ids(self, name: str) -> list[str]:
        return [row["Id"] for row in self._rows(f"SELECT Id FROM {name}")]

    def _rows(self, query: str) -> list[dict[str, Any]]:
        answer = self._call("GET", f"{ROOT}/query", q=query)
        found = list(answer["records"])
        while not answer["done"]:
            answer = self._call("GET", answer["nextRecordsUrl"])
            found += answer["records"]
        return found

    def _soap(self, body: str) -> None:
        text = ENVELOPE.format(token=self._call.token, body=body)
        kind = {"content-type": "text/xml", "soapaction": '""'}
        answer = self._call.send("POST", "/services/Soap/u/67.0", text.encode(), kind)
        if answer.status != 200 or not re.search(rb"<success>true", answer.body):
            raise Refused(answer.body[-300:].decode())
