"""What a run writes into the audit, and the checkpoint that moves with it."""

from __future__ import annotations

from cs_connector.runner.engine import Engine
from cs_connector.store.audit import Audit, checkpoint

FILE = "audit-checkpoint.json"
# what may name a person or was written by one, by where it comes from; the rest is ours and says roles
PERSONAL = {"account": frozenset({"csm_name"}), "call": frozenset({"subject", "description"})}


def book(engine: Engine) -> Audit:
    """Where this run writes down what CRMs took."""
    return Audit(_personal(engine), engine.vault.signer("audit values"))


def _personal(engine: Engine) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for source in engine.sources():
        for rule in source.mapping.write:
            hidden = PERSONAL.get(rule.source, frozenset())
            names = frozenset(n for n, how in rule.fields.items() if how.column in hidden)
            place = source.connection, rule.object
            found[place] = found.get(place, frozenset()) | names
    return {place: names for place, names in found.items() if names}


def sign(engine: Engine) -> checkpoint.Sign:
    return engine.vault.signer("audit checkpoint")


def close(engine: Engine) -> None:
    """Bring the project's checkpoint up to the end of the audit. Raises StoreError where the audit was tampered with."""
    checkpoint.advance(engine.store.state, engine.project.state / FILE, sign(engine))
