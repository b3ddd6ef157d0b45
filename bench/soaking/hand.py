"""A hand that changes a simulated CRM by the CRM's own API, and sees all that is in it."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from cs_connector.sandbox.wire import Request, Response

Record = Mapping[str, Any]
Act = Callable[[random.Random], None]
WORDS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper")


class Refused(Exception):
    """The CRM does not do that."""


class Hand(ABC):
    """One CRM. `acts` are what can happen in it, with weights; `lag` is the order that makes changes show late.

    `live` is an edit by some user, `_bin` what was deleted and may come back.
    """

    lag: ClassVar[str]
    kinds: ClassVar[Sequence[str]]

    def __init__(self, call: Caller, live: Act) -> None:
        self._call, self._live = call, live
        self._bin: list[str] = []

    @property
    @abstractmethod
    def acts(self) -> Sequence[tuple[int, Act]]: ...

    @abstractmethod
    def begin(self, dice: random.Random) -> None:
        """Some records of every kind."""

    @abstractmethod
    def fill(self, name: str, dice: random.Random, many: int) -> None:
        """So many records of an object, and what else it takes to have them."""

    @abstractmethod
    def move(self, dice: random.Random) -> None:
        """Something goes from one company to another."""

    @abstractmethod
    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        """The records that are not deleted, by id, flat, with what is to be compared."""

    def shows(self, name: str, field: str) -> dict[str, Any]:
        """What the records that are not deleted have in a field of ours, by id."""
        return {key: record[field] for key, record in self.holds(name, (field,)).items()}

    @abstractmethod
    def flat(self, name: str, payload: Record) -> Record:
        """What we read of a record, in the form of `holds`."""

    def burst(self, dice: random.Random, many: int) -> None:
        """So many records at one moment."""
        self._make(dice.choice(self.kinds), dice, many)

    def create(self, dice: random.Random) -> None:
        self.burst(dice, 1)

    @abstractmethod
    def _make(self, name: str, dice: random.Random, many: int) -> None: ...

    @abstractmethod
    def _ids(self, name: str) -> list[str]: ...

    def _some(self, dice: random.Random) -> tuple[str, str]:
        """Some record: its object and its id."""
        name = dice.choice(self.kinds)
        (key,) = pick(dice, self._ids(name))
        return name, key

    def _taken(self, dice: random.Random) -> str:
        """Some record of the bin, which is not there any more then."""
        (key,) = pick(dice, self._bin)
        self._bin.remove(key)
        return key


class Caller:
    """Calls with a login that is renewed and limits that are waited for; `handle` is where requests go."""

    def __init__(
        self, handle: Callable[[Request], Response], login: Mapping[str, str], wait: Callable[[], object]
    ) -> None:
        self._handle, self._block, self._wait = handle, login, wait
        self.token = login["access_token"]

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON. Raises Refused for what the CRM does not want."""
        content = b"" if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"}
        answer = self.send(method, path, content, kind, urlencode(query))
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path} {answer.status} {answer.body[:300]!r}")
        return json.loads(answer.body) if answer.body else None

    def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], query: str = ""
    ) -> Response:
        for _ in range(20):
            sent = {"authorization": f"Bearer {self.token}", **headers}
            answer = self._handle(Request(method, path, query, sent, body))
            if answer.status == 401:
                self._renew()
            elif answer.status == 429:
                self._wait()
            else:
                return answer
        raise Refused(f"{method} {path} {answer.status} {answer.body[:300]!r}")

    def _renew(self) -> None:
        names = ("client_id", "client_secret")
        form = {"grant_type": "client_credentials", **{name: self._block[name] for name in names}}
        path = "/" + self._block["token_url"].split("/", 3)[3]
        kind = {"content-type": "application/x-www-form-urlencoded"}
        asked = Request("POST", path, "", kind, urlencode(form).encode())
        self.token = json.loads(self._handle(asked).body)["access_token"]


def happen(by: Hand, dice: random.Random) -> None:
    """One thing happens; what the CRM refuses has not happened."""
    weights, acts = zip(*by.acts, strict=True)
    try:
        dice.choices(acts, weights)[0](dice)
    except Refused:
        return


def pick(dice: random.Random, ids: Iterable[str], count: int = 1) -> list[str]:
    """Some different ones. Raises Refused where there are fewer."""
    found = sorted(ids)
    if len(found) < count:
        raise Refused("nothing is there")
    return dice.sample(found, count)


def word(dice: random.Random) -> str:
    return f"{dice.choice(WORDS)} {dice.randrange(10**6)}"
