"""Whether a plan may be applied: as it was made, where it was made for, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cs_connector.act import switch
from cs_connector.act.guarding import guard
from cs_connector.act.guarding.guard import Check
from cs_connector.act.guarding.ways import PLAN, Way, back, filed
from cs_connector.act.planfile import PlanFile, last
from cs_connector.errors import GuardStopped, UsageError
from cs_connector.runner.engine import Engine

from . import making, permission

_SAFE = "nothing was written to any CRM"


def check(engine: Engine, file: PlanFile, reason: str | None = None) -> Counter[str]:
    """How many changes each connection gets from a plan that may be applied; what lets it through is put on record.

    With `reason`, a person lets broken limits and first writes through. Raises GuardStopped for a stale, edited, foreign
    or applied plan, UsageError for half a plan.
    """
    if why := permission.stopped(engine):
        raise switch.refusal(why)
    head, way = file.head, PLAN
    try:
        way = _way(engine, file)
        counts = Counter(change.connection for change in file.changes())
        problems = list(_problems(engine, file))
        checks = [_check(told) for told in head["guard"]]
        approval = (
            None if reason is None else {"plan": head["plan"], "digest": head["digest"], "reason": reason}
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"something in it is missing or of another form: {error}"
        raise UsageError(f"{file.path} is not a whole plan", why=why, safe=_SAFE, fix=_anew(way)) from None
    if problems:
        what = f"plan {head['plan']} cannot be applied"
        raise GuardStopped(what, why="; ".join(problems), safe=_SAFE, fix=_anew(way))
    permission.grant(engine, checks, counts, approval, way, whole=head.get("held", {}).get("whole", True))
    return counts


def _way(engine: Engine, file: PlanFile) -> Way:
    """A plan that takes a run back is made and let through by `undo`: `plan` would put another one in its place."""
    undone = file.head.get("undoes")
    if undone:
        return back(undone["run"], undone.get("selected", ()))
    return PLAN if file.path == last(engine.project.state) else filed(file.path)


def _anew(way: Way) -> str:
    return f"make a new one with: {way.look}"


def mark(engine: Engine, file: PlanFile) -> None:
    """Note that a plan is being applied: it cannot be applied again, however this ends."""
    engine.mark_stage(f"plan:{file.head['plan']}", file.head["digest"])


def _check(told: Mapping[str, Any]) -> Check:
    return Check(
        told["rule"],
        told["figure"],
        told["limit"],
        told.get("text") or told["rule"],
        told.get("connection") or "",
        told.get("detail") or "",
    )


def _problems(engine: Engine, file: PlanFile) -> Iterator[str]:
    """Why a plan cannot be applied, with what differs."""
    head = file.head
    if file.digest() != head["digest"]:
        yield "it was edited: its digest does not match what stands in it"
    elif not engine.stage_done(making.made(head), head["digest"]):
        yield "nobody made it here as it stands: it was edited, or made with another store"
    if engine.stage_done(f"plan:{head['plan']}", head["digest"]):
        yield "it was applied already"
    expires = datetime.fromisoformat(head["expires_at"])
    if engine.clock.now() > expires:
        yield f"it is older than a day: it was made on {_day(head['created_at'])} and good until {_day(head['expires_at'])}"
    if head["config_hash"] != engine.config_hash():
        yield f"the configuration has changed since{_files(engine, head)}"
    epoch = engine.store.facts.version()
    if head["data_epoch"] != epoch:
        yield f"new data has been read since: it was made from version {head['data_epoch']}, now there is {epoch}"
    if head.get("audit_row", 0) != (row := making.audited(engine)):
        yield f"something was written since: the audit ended at row {head.get('audit_row', 0):,}, and ends at {row:,} now"
    yield from _foreign(engine, head)


def _files(engine: Engine, head: Mapping[str, Any]) -> str:
    """The names of the files that are not as they were."""
    then, now = head.get("files", {}), permission.files(engine)
    differ = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
    return f": {guard.named(differ)}" if then and differ else ""


def _day(text: str) -> str:
    return text[:16].replace("T", " ") + " UTC"


def _foreign(engine: Engine, head: Mapping[str, Any]) -> Iterator[str]:
    told = {each["name"] for each in head["connections"]}
    known = {
        c["name"]: c for c in making.connections(engine, [n for n in making.written(engine) if n in told])
    }
    yield from filter(None, (_other(each, known.get(each["name"])) for each in head["connections"]))


def _other(told: Mapping[str, Any], now: Mapping[str, Any] | None) -> str:
    """How a connection of the plan is not the one that is here; nothing where it is."""
    if now is None:
        return f"it was made for another project: nothing is written here to {told['name']}"
    if now["org_id"] != told["org_id"]:
        return f"it was made for another org: {told['name']} was {told['org_id']} and is {now['org_id']}"
    if now["install_id"] != told["install_id"]:
        return f"it was made by another installation, for the same {told['name']}"
    return ""
