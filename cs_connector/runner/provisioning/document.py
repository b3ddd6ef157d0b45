"""provision/1: what is to be done, or was done, for a program."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cs_connector.act.face import Step, strangers

from .room import FULL, SNAPSHOTS, Room
from .surveying import Site, Survey


def document(command: str, run: str, found: Survey) -> dict[str, Any]:
    """`command` is plan, apply or destroy. A piece has a `result` once it was sent, `filled` where that was counted."""
    return {
        "schema": "provision/1",
        "command": command,
        "run": run,
        "connections": [_site(site) for site in found.sites],
        "unreached": [
            {"name": name, "code": e.code, "what": e.what, "why": e.why, "fix": e.fix}
            for name, e in found.unreached.items()
        ],
    }


def _site(site: Site) -> dict[str, Any]:
    who = site.identity
    return {
        "name": site.connection,
        "crm": who.crm,
        "org_id": who.org_id,
        "org_name": who.name,
        "sandbox": who.sandbox,
        "parts": list(site.parts),
        "installations": strangers(site.steps),
        "counts": dict(sorted(Counter(str(s.standing) for s in site.steps).items())),
        "pieces": [_piece(site, step) for step in site.steps],
        "storage": _room(site.room) if site.room else None,
        "guard": [
            {"rule": "record storage", "ok": room.ok, "figure": round(room.share, 4), "limit": FULL}
            for room in ([site.room] if site.room else [])
        ],
    }


def _piece(site: Site, step: Step) -> dict[str, Any]:
    name = f"{step.piece.kind} {step.piece.name}"
    receipt = site.receipts.get(name)
    return {
        "kind": step.piece.kind,
        "name": step.piece.name,
        "part": step.piece.part,
        "standing": str(step.standing),
        "ours": step.ours,
        "differences": [
            {"field": d.field, "from": d.was, "to": d.wanted, "kept": d.kept} for d in step.differences
        ],
        "filled": site.filled.get(name),
        "result": {"verdict": str(receipt.verdict), "code": receipt.code, "message": receipt.message}
        if receipt
        else None,
    }


def _room(room: Room) -> dict[str, Any]:
    return {
        "used": room.used,
        "allowed": room.allowed,
        "record": room.record,
        "customers": room.customers,
        "snapshots": room.customers * SNAPSHOTS,
        "relationships": room.relationships,
        "there": room.there,
        "needed": round(room.needed, 3),
        "share": round(room.share, 4),
        "exact": room.exact,
    }
