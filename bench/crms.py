"""The simulated CRMs by their own APIs: what is in them, and a hand that changes it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import requests

Record = Mapping[str, Any]
WORDS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper")


class Refused(Exception):
    """The CRM does not do that."""


class Hand(Protocol):
    """One CRM; `touchable` are the objects that a history changes."""

    @property
    def touchable(self) -> tuple[str, ...]: ...

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        """The records that are not deleted, by id, flat."""
        ...

    def create(self, name: str, dice: random.Random) -> None: ...

    def change(self, name: str, id_: str, dice: random.Random) -> None: ...

    def delete(self, name: str, id_: str, dice: random.Random) -> None: ...


class Http:
    """Requests with a token that is renewed when it has run out; a full limit is waited for by `wait`."""

    def __init__(self, block: Mapping[str, str], wait: Callable[[str], None]) -> None:
        self.base, self._block, self._wait = block["base_url"], block, wait
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {block['access_token']}"

    def __call__(self, method: str, path: str, body: Any = None, **query: str | int) -> Any:
        """Raises Refused for what the CRM does not want."""
        for _ in range(20):
            answer = self._session.request(method, self.base + path, params=query, json=body, timeout=30)
            if answer.status_code == 401:
                self._renew()
            elif answer.status_code == 429:
                self._wait("PT10S")
            else:
                break
        if 400 <= answer.status_code < 500 and answer.status_code not in (401, 403, 429):
            raise Refused(f"{method} {path} {answer.status_code} {answer.text[:300]}")
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._session.close()

    def _renew(self) -> None:
        names = ("client_id", "client_secret")
        form = {"grant_type": "client_credentials", **{name: self._block[name] for name in names}}
        answer = self._session.post(
            self._block["token_url"], data=form, headers={"Authorization": ""}, timeout=30
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


class SalesforceHand:
    touchable = ("Account", "Contact", "Case", "Opportunity")

    def __init__(self, http: Http, version: str) -> None:
        self._http, self._root = http, f"/services/data/v{version}"

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        query = f"SELECT {', '.join(dict.fromkeys(('Id', *fields)))} FROM {name}"
        answer = self._http("GET", f"{self._root}/query", q=query)
        records = list(answer["records"])
        while not answer["done"]:
            answer = self._http("GET", answer["nextRecordsUrl"])
            records += answer["records"]
        return {r["Id"]: r for r in records}

    def create(self, name: str, dice: random.Random) -> None:
        made = {"Opportunity": {"StageName": "Prospecting", "CloseDate": "2027-03-01"}}.get(name, {})
        self._http("POST", f"{self._root}/sobjects/{name}", self._fields(name, dice) | made)

    def change(self, name: str, id_: str, dice: random.Random) -> None:
        self._http("PATCH", f"{self._root}/sobjects/{name}/{id_}", self._fields(name, dice))

    def delete(self, name: str, id_: str, dice: random.Random) -> None:
        del dice
        if name != "Account":
            self._http("DELETE", f"{self._root}/sobjects/{name}/{id_}")

    @staticmethod
    def _fields(name: str, dice: random.Random) -> dict[str, Any]:
        word = _word(dice)
        match name:
            case "Contact":
                return {"LastName": word, "Title": dice.choice(WORDS)}
            case "Case":
                return {"Subject": word, "Priority": dice.choice(("High", "Low"))}
            case "Opportunity":
                return {"Name": word, "Amount": dice.randrange(10**6)}
        return {"Name": word}


class HubSpotHand:
    touchable = ("companies", "contacts")

    def __init__(self, http: Http) -> None:
        self._http = http

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for row in self._pages(f"/crm/v3/objects/{name}", ",".join(fields)):
            found[row["id"]] = row["properties"]
        return found

    def _pages(self, path: str, properties: str) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            answer = self._http("GET", path, limit=100, properties=properties, **after)
            yield from answer["results"]
            if "paging" not in answer:
                return
            after = {"after": answer["paging"]["next"]["after"]}

    def create(self, name: str, dice: random.Random) -> None:
        self._http("POST", f"/crm/v3/objects/{name}", {"properties": self._fields(name, dice)})

    def change(self, name: str, id_: str, dice: random.Random) -> None:
        self._http("PATCH", f"/crm/v3/objects/{name}/{id_}", {"properties": self._fields(name, dice)})

    def delete(self, name: str, id_: str, dice: random.Random) -> None:
        """Into the recycle bin, or into another record."""
        others = sorted(set(self.holds(name, ())) - {id_})
        if others and dice.random() < 0.5:
            pair = {"primaryObjectId": dice.choice(others), "objectIdToMerge": id_}
            self._http("POST", f"/crm/v3/objects/{name}/merge", pair)
        else:
            self._http("DELETE", f"/crm/v3/objects/{name}/{id_}")

    @staticmethod
    def _fields(name: str, dice: random.Random) -> dict[str, str]:
        word = _word(dice)
        return {"name": word} if name == "companies" else {"lastname": word, "jobtitle": dice.choice(WORDS)}


class ZendeskHand:
    touchable = ("organizations", "users", "tickets")

    def __init__(self, http: Http) -> None:
        self._http = http

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        del fields
        found: dict[str, Record] = {}
        after: dict[str, str] = {}
        while True:
            answer = self._http("GET", f"/api/v2/{name}.json", **{"page[size]": "100", **after})
            found |= {str(row["id"]): row for row in answer[name]}
            if not answer["meta"]["has_more"]:
                return found
            after = {"page[after]": answer["meta"]["after_cursor"]}

    def create(self, name: str, dice: random.Random) -> None:
        fields: dict[str, Any] = {**self._fields(name, dice)}
        if name == "tickets":
            fields["comment"] = {"body": _word(dice)}
        if name == "users":
            fields["role"] = "end-user"
        self._http("POST", f"/api/v2/{name}.json", {name[:-1]: fields})

    def change(self, name: str, id_: str, dice: random.Random) -> None:
        self._http("PUT", f"/api/v2/{name}/{id_}.json", {name[:-1]: self._fields(name, dice)})

    def delete(self, name: str, id_: str, dice: random.Random) -> None:
        del dice
        self._http("DELETE", f"/api/v2/{name}/{id_}.json")

    @staticmethod
    def _fields(name: str, dice: random.Random) -> dict[str, str]:
        word = _word(dice)
        if name == "tickets":
            return {"subject": word, "priority": dice.choice(("urgent", "low"))}
        return {"name": word}


def _word(dice: random.Random) -> str:
    return f"{dice.choice(WORDS)} {dice.randrange(10**6)}"


def hand(crm: str, http: Http, block: Mapping[str, str]) -> Hand:
    if crm == "salesforce":
        return SalesforceHand(http, block["api_version"])
    return HubSpotHand(http) if crm == "hubspot" else ZendeskHand(http)
