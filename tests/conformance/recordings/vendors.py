"""What is particular to the recordings of each vendor: how a request is asked today, and what was added since."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from cs_connector.sandbox.wire import Request, SeedRow, Simulator

Exchange = dict[str, Any]


class Vendor:
    """`newer` are headers and `added` keys of answers that came after the recordings; `burst` reaches the limit."""

    headers: ClassVar[tuple[str, ...]] = ("x-", "retry-after", "location")
    infrastructure: ClassVar[frozenset[str]] = frozenset()
    newer: ClassVar[frozenset[str]] = frozenset()
    added: ClassVar[frozenset[str]] = frozenset()
    burst: ClassVar[int] = 0

    def compares(self, header: str) -> bool:
        return header.startswith(self.headers) and header not in self.infrastructure

    def endpoint(self, exchange: Exchange) -> str:
        raise KeyError(exchange["path"])

    def gone(self, exchange: Exchange) -> bool:
        """Whether the vendor answers otherwise today."""
        return False

    def address(self, exchange: Exchange) -> tuple[str, Mapping[str, str]]:
        """Path and query of the like request."""
        return exchange["path"], exchange["query"]

    def token(self, simulator: Simulator, exchange: Exchange) -> str:
        return simulator.credentials()["access_token"]

    def changes(self, exchange: Exchange) -> bool:
        return exchange["method"] != "GET"

    def shows_none(self, exchange: Exchange) -> bool:
        """Whether the answer shows that the records were not there yet."""
        body = exchange["response_body"]
        empty = isinstance(body, dict) and [] in (body.get("results"), body.get("records"), body.get("users"))
        return empty or exchange["status"] in (201, 404)

    def shown(self, exchange: Exchange) -> Mapping[str, Any] | None:
        """The record that is the whole answer, with all its fields; it is then the only one."""
        return None

    def fitting(self, exchange: Exchange, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of the recorded fields to install."""
        return fields

    def named(self, exchange: Exchange) -> Iterator[SeedRow]:
        """Records that the request takes for granted, with as little in them as will do."""
        yield from ()

    def implied(self, exchange: Exchange) -> Iterator[SeedRow]:
        """What the answer says of records without showing it."""
        yield from ()

    def prepare(self, simulator: Simulator, exchange: Exchange) -> None:
        """What the answer shows and no record holds."""

    def older(self, body: Any) -> Any:
        """An answer without the keys that were added since."""
        if isinstance(body, dict):
            return {k: self.older(v) for k, v in body.items() if k not in self.added}
        return [self.older(v) for v in body] if isinstance(body, list) else body


class Salesforce(Vendor):
    """Asked at the oldest version that the simulator has; the recordings are of version 42, and of two orgs.

    The simulated org has several currencies and record types, which those had not.
    """

    headers = ("sforce-", "location")
    added = frozenset(
        {
            "CurrencyIsoCode", "RecordTypeId", "HasOptedOutOfEmail", "aiPredictionField", "isInterface", "deepCloneable",
            "developerName", "formulaTreatNullNumberAsZero", "associateEntityType", "associateParentEntity", "createdDate",
            "defaultImplementation", "extendedBy", "extendsInterfaces", "implementedBy", "implementsInterfaces",
        }
    )  # fmt: skip
    prefixes: ClassVar[Mapping[str, str]] = {
        "001": "Account",
        "003": "Contact",
        "00Q": "Lead",
        "701": "Campaign",
    }

    def endpoint(self, exchange: Exchange) -> str:
        path = re.sub(r"/[0-9A-Za-z]{18}$", "/{id}", exchange["path"]).replace("/services/data/v42.0", "")
        return f"{exchange['method']} {path} {exchange['status']}"

    def gone(self, exchange: Exchange) -> bool:
        """Log-in by SOAP ended with version 65 and is off in new orgs."""
        return "/Soap/" in exchange["path"]

    def address(self, exchange: Exchange) -> tuple[str, Mapping[str, str]]:
        return exchange["path"].replace("v42.0", "v60.0").replace("u/42.0", "u/60.0"), exchange["query"]

    def shows_none(self, exchange: Exchange) -> bool:
        created = exchange["method"] == "POST" and "composite" in exchange["path"]
        return created or super().shows_none(exchange)

    def shown(self, exchange: Exchange) -> Mapping[str, Any] | None:
        body = exchange["response_body"]
        whole = exchange["method"] == "GET" and isinstance(body, dict) and "attributes" in body
        return body if whole else None

    def fitting(self, exchange: Exchange, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """A whole record shows which custom fields its org had."""
        shown = self.shown(exchange)
        if shown is None:
            return self._with_emails(exchange, fields)
        name = shown["attributes"]["type"]
        kept = [f for f in fields[name]["fields"] if f["name"] in shown]
        return {**fields, name: {**fields[name], "fields": kept}}

    def _with_emails(self, exchange: Exchange, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """A field that refuses an address takes addresses."""
        refused = set(
            re.findall(r"INVALID_EMAIL_ADDRESS.*?'fields': \['(\w+)'", str(exchange["response_body"]))
        )
        if not refused:
            return fields
        return {
            name: {
                **about,
                "fields": [{**f, "type": "Email"} if f["name"] in refused else f for f in about["fields"]],
            }
            for name, about in fields.items()
        }

    def implied(self, exchange: Exchange) -> Iterator[SeedRow]:
        """What a query found has the values that it was looked for by."""
        if shown := self.shown(exchange):
            yield SeedRow(shown["attributes"]["type"], {k: v for k, v in shown.items() if k != "attributes"})
        body, asked = exchange["response_body"], exchange["query"].get("q", "")
        equal = re.findall(r"(\w+) = (?:'([^']*)'|(\w+))", asked)
        if len(equal) == 1 and isinstance(body, dict):
            field, text, plain = equal[0]
            for one in body["records"]:
                value = text if not plain else json.loads(plain)
                found = one["attributes"]
                yield SeedRow(found["type"], {"Id": found["url"].rpartition("/")[2], field: value})

    def named(self, exchange: Exchange) -> Iterator[SeedRow]:
        sent = exchange["request_body"]
        ids = exchange["query"].get("ids", "").split(",")
        if isinstance(sent, dict):
            ids += [r.get(key) or "" for r in sent.get("records", ()) for key in ("id", "AccountId")]
        for record_id in ids:
            name = self.prefixes.get(record_id[:3])
            field = "Name" if name in ("Account", "Campaign") else "LastName"
            if name:
                yield SeedRow(name, {"Id": record_id, field: "Recorded"})


class HubSpot(Vendor):
    """A key of then is a static token today; the others came with OAuth."""

    newer = frozenset({"x-hubspot-auth-failure"})
    added = frozenset({"url", "dataSensitivity"})
    burst = 12

    def gone(self, exchange: Exchange) -> bool:
        """The first API of lists was ended."""
        return exchange["path"].startswith("/contacts/v1/lists")

    def endpoint(self, exchange: Exchange) -> str:
        path = re.sub(r"/[^/]*@[^/]*", "/{email}", exchange["path"])
        path = re.sub(r"/\d+(?=/|$)", "/{id}", re.sub(r"/2-\d+", "/{custom}", path))
        return f"{exchange['method']} {path} {exchange['status']}"

    def address(self, exchange: Exchange) -> tuple[str, Mapping[str, str]]:
        return exchange["path"], {k: v for k, v in exchange["query"].items() if k != "hapikey"}

    def token(self, simulator: Simulator, exchange: Exchange) -> str:
        known = simulator.credentials()
        if "hapikey" in exchange["query"]:
            return known["access_token"]
        keys = ("client_id", "client_secret", "refresh_token")
        form = "&".join(f"{key}={known[key]}" for key in keys) + "&grant_type=refresh_token"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        path = urlsplit(known["token_url"]).path
        answer = simulator.handle(Request("POST", path, "", kind, form.encode()))
        return str(msgspec.json.decode(answer.body)["access_token"])

    def changes(self, exchange: Exchange) -> bool:
        return super().changes(exchange) and not exchange["path"].endswith("/search")

    def named(self, exchange: Exchange) -> Iterator[SeedRow]:
        gone = re.fullmatch(r"/contacts/v1/contact/vid/(\d+)", exchange["path"])
        if gone:
            yield SeedRow("contacts", {"id": gone[1], "properties": {}})
        noun = exchange["path"].split("/")[4] if "/batch/update" in exchange["path"] else ""
        kind = {"COMPANY": "companies", "CONTACT": "contacts"}.get(noun, "grouparoo_object")
        for one in exchange["request_body"]["inputs"] if noun else ():
            yield SeedRow(kind, {"id": one["id"], "properties": {}})

    def prepare(self, simulator: Simulator, exchange: Exchange) -> None:
        """The lists that a contact is on."""
        body = exchange["response_body"]
        if isinstance(body, dict) and body.get("list-memberships"):
            new = {"name": "Recorded", "objectTypeId": "0-1", "processingType": "MANUAL"}
            made = self._send(simulator, "POST", "/crm/v3/lists", new)["list"]["listId"]
            self._send(simulator, "PUT", f"/crm/v3/lists/{made}/memberships/add", [str(body["vid"])])

    def _send(self, simulator: Simulator, method: str, path: str, body: Any) -> Any:
        token = simulator.credentials()["access_token"]
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answer = simulator.handle(Request(method, path, "", headers, json.dumps(body).encode()))
        assert answer.status < 300, answer.body
        return json.loads(answer.body)


class Zendesk(Vendor):
    infrastructure = frozenset({"x-zendesk-origin-server", "x-zendesk-zorg", "x-zendesk-application-version"})
    newer = frozenset({"x-rate-limit-reset"})
    burst = 12

    def endpoint(self, exchange: Exchange) -> str:
        return f"{exchange['method']} {re.sub(r'/[0-9]+', '/{id}', exchange['path'])} {exchange['status']}"

    def named(self, exchange: Exchange) -> Iterator[SeedRow]:
        """A user as the answer shows it, still active."""
        found = re.search(r"/users/(\d+)", exchange["path"])
        if found and exchange["status"] != 404:
            body = exchange["response_body"]
            shown = body.get("user", {}) if isinstance(body, dict) else {}
            user = {"name": "Recorded", **shown, "id": int(found[1]), "email": "recorded@example.test"}
            yield SeedRow("users", {**user, "active": True})


VENDORS: Mapping[str, Vendor] = {"salesforce": Salesforce(), "hubspot": HubSpot(), "zendesk": Zendesk()}
