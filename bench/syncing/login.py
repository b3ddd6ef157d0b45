"""An access token for the programs of a bench that hold one, and cannot make another when it ends."""

from __future__ import annotations

import json

import requests

from bench.bed import Bed
from bench.cost import Broken

ENDING = frozenset({"zendesk"})  # whose tokens end after half an hour, by the clock of the sandbox
LONGEST_S = 172_800  # that Zendesk lets a token be good for


def lasting(bed: Bed, crm: str) -> Bed:
    """The same bed, with a token in its document and in the file of that which outlives any bench. Raises Broken."""
    if crm in ENDING:
        bed.document[crm]["access_token"] = _token(bed.document[crm])
        (bed.folder / "sandbox.json").write_text(json.dumps(bed.document))
    return bed


def _token(block: dict[str, str]) -> str:
    form = {
        "grant_type": "client_credentials", "client_id": block["client_id"],
        "client_secret": block["client_secret"], "scope": "read write", "expires_in": str(LONGEST_S),
    }  # fmt: skip
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(block["token_url"], data=form, timeout=60)
    if not answer.ok:
        raise Broken(f"no token: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["access_token"])
