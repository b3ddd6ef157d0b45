"""The same metrics in plain pandas: `python -m bench.measuring.frames DATA OUT`. No apply, no loops but the one over dates."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

AS_OF = pd.Timestamp("2026-11-15")
DATES = [AS_OF, *(AS_OF.replace(day=1) - pd.DateOffset(months=m) - pd.Timedelta(days=1) for m in range(6))]
URGENT, HIGH = ("p1", "critical", "urgent"), ("p2", "high")
Frame = pd.DataFrame


def main(data: Path, out: Path) -> None:
    scope = _scope(data)
    parts = [study(data, scope) for study in (usage, tickets, answers, invitations, invoices, contact, goals)]
    cells = pd.concat([scope.assign(today=day) for day in DATES], ignore_index=True)
    cells = cells[cells.start_on.isna() | (cells.start_on <= cells.today) | (cells.today == AS_OF)]
    for part in parts:
        cells = cells.merge(part, on=["r", "today"], how="left")
    finish(cells).to_parquet(out, compression="zstd", index=False)


def _read(data: Path, name: str, *columns: str) -> Frame:
    frame = pd.read_parquet(data / f"{name}.parquet", columns=list(columns))
    for column in frame.columns:
        if column.endswith(("_on", "_at", "_since", "_date")) or column == "at":
            frame[column] = pd.to_datetime(frame[column]).dt.normalize()
    return frame


def _scope(data: Path) -> Frame:
    wanted = (
        "relationship_id",
        "account_id",
        "product",
        "status",
        "start_on",
        "renewal_on",
        "seats",
        "features_bought",
    )
    mine = _read(data, "relationship", *wanted, "notice_on", "csm_judgement", "csm_judgement_on")
    theirs = _read(data, "account", "account_id", "customer_status", "arr").rename(
        columns={"arr": "account_arr"}
    )
    scope = mine.merge(theirs[theirs.customer_status.isin(["Customer", "Trial"])], on="account_id")
    scope = scope[scope.status != "Ended"].sort_values(["account_id", "relationship_id"], ignore_index=True)
    return scope.assign(r=scope.index)


def _about(rows: Frame, scope: Frame) -> Frame:
    """Rows of an account with the relationships of their product, or with all of them."""
    both = rows.merge(scope[["r", "account_id", "product"]], on="account_id", suffixes=("", "_r"))
    return both[both["product"].isna() | (both["product"] == both.product_r)]


def _each(rows: Frame, summed: Callable[[Frame, pd.Timestamp], Frame]) -> Frame:
    return pd.concat([summed(rows, day).assign(today=day).reset_index() for day in DATES], ignore_index=True)


def usage(data: Path, scope: Frame) -> Frame:
    rows = _read(data, "usage", "account_id", "product", "metric", "on_date", "grain", "value")
    rows = rows[(rows.grain == "month") & rows.metric.isin(["active_users", "key_features_used"])]
    rows["month"] = rows.on_date.dt.year * 12 + rows.on_date.dt.month
    users = rows[rows.metric == "active_users"].assign(last=lambda f: f.on_date.where(f.value > 0))
    by = ["account_id", "product", "month"]
    monthly = _months(users, by, "value", "last", "on_date").reset_index()
    used = (
        rows[rows.metric != "active_users"]
        .groupby(by, dropna=False)
        .agg(features=("value", "max"))
        .reset_index()
    )
    mine = _months(_about(monthly, scope), ["r", "month"], "users", "last", "oldest")
    features = _about(used, scope).groupby(["r", "month"]).agg(features=("features", "max"))
    return _each(mine.join(features, how="outer").reset_index(), _usage)


def _months(rows: Frame, by: list[str], users: str, last: str, oldest: str) -> Frame:
    """Sums that are not known where nothing is."""
    groups = rows.groupby(by, dropna=False)
    return Frame(
        {"users": groups[users].sum(min_count=1), "last": groups[last].max(), "oldest": groups[oldest].min()}
    )


def _usage(rows: Frame, day: pd.Timestamp) -> Frame:
    back = day.year * 12 + day.month - rows.month
    rows = rows.assign(back=back)[back.between(1, 15)]
    has = rows.oldest.notna()

    def of(low: int, high: int) -> pd.Series:
        return rows[rows.back.between(low, high)].groupby("r").users.sum(min_count=1)

    found = Frame({
        "users_1": of(1, 1), "users_4": of(4, 4), "recent": of(1, 3), "before": of(4, 6), "last_year": of(13, 15),
        "features_1": rows[rows.back == 1].groupby("r").features.max(),
        "months_6": rows[has & (rows.back <= 6)].groupby("r").size(),
        "months_last_year": rows[has & (rows.back >= 13)].groupby("r").size(),
        "last_active": rows.groupby("r")["last"].max() + pd.offsets.MonthEnd(0), "oldest": rows.groupby("r").oldest.min(),
    })  # fmt: skip
    found.index.name = "r"
    return found


def tickets(data: Path, scope: Frame) -> Frame:
    rows = _read(
        data,
        "ticket",
        "ticket_id",
        "account_id",
        "product",
        "priority",
        "opened_at",
        "closed_at",
        "waiting_since",
    )
    rows = rows[
        (rows.opened_at > DATES[-1] - pd.Timedelta(days=90))
        | rows.closed_at.isna()
        | (rows.closed_at > DATES[-1])
    ]
    said = _read(data, "attachment", "entity", "entity_id", "relationship_id")
    said = said[said.entity == "ticket"].merge(scope[["r", "relationship_id"]], on="relationship_id")
    rows = rows.merge(said[["entity_id", "r"]], left_on="ticket_id", right_on="entity_id", how="left")
    named, others = rows[rows.r.notna()], _about(rows[rows.entity_id.isna()].drop(columns="r"), scope)
    return _each(
        pd.concat([named.astype({"r": int}), others]).assign(priority=lambda f: f.priority.str.lower()),
        _tickets,
    )


def _tickets(rows: Frame, day: pd.Timestamp) -> Frame:
    age = (day - rows.opened_at).dt.days
    is_open = (age >= 0) & (rows.closed_at.isna() | (rows.closed_at > day))
    p1, p2 = is_open & rows.priority.isin(URGENT), is_open & rows.priority.isin(HIGH)
    flags = Frame({
        "r": rows.r, "opened_30": age.between(0, 29), "opened_90": age.between(0, 89), "p1_open": p1, "p2_open": p2,
        "p1_oldest": age.where(p1), "waiting": rows.waiting_since.where(is_open & (rows.waiting_since <= day)),
    })[age >= 0]  # fmt: skip
    sums = dict.fromkeys(("opened_30", "opened_90", "p1_open", "p2_open"), "sum")
    summed: Frame = flags.groupby("r").agg({**sums, "p1_oldest": "max", "waiting": "min"})
    return summed


def answers(data: Path, scope: Frame) -> Frame:
    wanted = (
        "survey_response_id",
        "account_id",
        "person_id",
        "kind",
        "score",
        "scale_max",
        "score_10",
        "answered_on",
    )
    rows = _read(data, "survey_response", *wanted).dropna(subset=["score"])
    people = _read(data, "person", "person_id", "decision_maker", "active")
    rows = rows.merge(people, on="person_id", how="left", indicator="found")
    rows["decides"] = rows.decision_maker.eq(True) & ~rows.active.eq(False)
    rows["who"] = rows.person_id.fillna(rows.survey_response_id)
    rows = rows.sort_values(["answered_on", "survey_response_id"])
    return _each(rows, _answers).merge(scope[["r", "account_id"]], on="account_id").drop(columns="account_id")


def _answers(rows: Frame, day: pd.Timestamp) -> Frame:
    rows = rows[(rows.answered_on <= day) & (rows.answered_on > day - pd.Timedelta(days=180))]
    rows = rows.drop_duplicates(["account_id", "who", "kind"], keep="last")
    nps, deciding = rows[rows.kind.str.lower() == "nps"], rows[rows.decides]
    weight = np.where(nps.decides, 2, 1)
    nps = nps.assign(
        weight=np.where(nps.score_10.notna(), weight, np.nan),
        points=nps.score_10 * weight,
        named=nps.person_id.notna(),
    )
    of_10 = deciding.assign(of_10=deciding.score / deciding.scale_max * 10).sort_values(
        ["of_10", "survey_response_id"], ascending=[False, True]
    )
    csat = rows[(rows.kind.str.lower() == "csat") & (rows.answered_on > day - pd.Timedelta(days=90))]
    told = nps.assign(found=nps.found == "both").groupby("account_id").agg(
        points=("points", "sum"), weights=("weight", "sum"), named=("named", "sum"), found=("found", "sum"),
        newest_nps=("score_10", "last"), newest_nps_on=("answered_on", "max"),
    )  # fmt: skip
    decided = of_10.groupby("account_id").agg(lowest=("of_10", "last"), decided_on=("answered_on", "last"))
    return told.join(decided, how="outer").join(
        csat.groupby("account_id").score_10.mean().rename("csat"), how="outer"
    )


def invitations(data: Path, scope: Frame) -> Frame:
    rows = _read(data, "survey_response", "account_id", "invited_on", "answered_on")

    def of(rows: Frame, day: pd.Timestamp) -> Frame:
        rows = rows[(rows.invited_on <= day) & (rows.invited_on > day - pd.Timedelta(days=365))]
        return (
            rows.assign(answers=rows.answered_on <= day)
            .groupby("account_id")
            .agg(invited=("answers", "size"), answers=("answers", "sum"))
        )

    return _each(rows, of).merge(scope[["r", "account_id"]], on="account_id").drop(columns="account_id")


def invoices(data: Path, scope: Frame) -> Frame:
    rows = _read(data, "invoice", "account_id", "issued_on", "due_on", "paid_on", "amount").astype(
        {"amount": float}
    )

    def of(rows: Frame, day: pd.Timestamp) -> Frame:
        rows = rows[rows.issued_on <= day]
        unpaid = (rows.due_on < day) & (rows.paid_on.isna() | (rows.paid_on > day))
        rows = rows.assign(oldest=rows.due_on.where(unpaid), owed=rows.amount.where(unpaid))
        return rows.groupby("account_id").agg(
            invoices=("due_on", "size"), oldest_due=("oldest", "min"), owed=("owed", "sum")
        )

    return _each(rows, of).merge(scope[["r", "account_id"]], on="account_id").drop(columns="account_id")


def contact(data: Path, scope: Frame) -> Frame:
    rows = _read(data, "activity", "account_id", "person_id", "two_way", "at")
    people = _read(data, "person", "person_id", "decision_maker")
    rows = rows[rows.two_way].merge(people[people.decision_maker.eq(True)], on="person_id")
    found = _each(
        rows, lambda f, day: f[f["at"] <= day].groupby("account_id").agg(last_contact=("at", "max"))
    )
    return found.merge(scope[["r", "account_id"]], on="account_id").drop(columns="account_id")


def goals(data: Path, scope: Frame) -> Frame:
    rows = _read(data, "goal", "account_id", "status", "updated_on")
    rows = rows.assign(known=rows.status.notna(), good=rows.status.str.lower().isin(["on track", "met"]))

    def of(rows: Frame, day: pd.Timestamp) -> Frame:
        rows = rows[rows.updated_on.isna() | (rows.updated_on <= day)]
        return rows.groupby("account_id").agg(
            goals=("known", "sum"), good=("good", "sum"), newest=("updated_on", "max")
        )

    return _each(rows, of).merge(scope[["r", "account_id"]], on="account_id").drop(columns="account_id")


def days(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later - earlier).dt.days


def finish(c: Frame) -> Frame:
    """The metrics from their parts."""
    counts = ["opened_30", "opened_90", "p1_open", "p2_open", "p1_oldest"]
    c[counts] = c[counts].fillna(0)
    near = (3 - 2 * (days(c.renewal_on, c.today) - 30) / 150).clip(1, 3).fillna(2)
    to_before, to_year = c.recent / c.before.replace(0, np.nan), c.recent / c.last_year.replace(0, np.nan)
    better = Frame({0: to_before, 1: to_year.where(c.months_last_year == 3)}).max(axis=1)
    dark = c.last_active.fillna(c.oldest)
    on_track = c.good / c.goals.replace(0, np.nan)
    old = ~(days(c.today, c.newest) <= 120)
    judged = c.csm_judgement.str.lower().map({"good": 100, "concerned": 50, "at risk": 0})
    return Frame({
        "relationship_id": c.relationship_id, "on_date": c.today, "active_share": c.users_1 / c.seats.where(c.seats > 0),
        "usage_trend": better.where(c.months_6 == 6), "feature_breadth": c.features_1 / c.features_bought.where(c.features_bought > 0),
        "usage_change": c.users_1 / c.users_4.replace(0, np.nan) - 1, "inactive_days": days(c.today, dark).clip(lower=0).where(c.users_1.notna()),
        "support_requests": c.opened_30, "urgent_x_renewal": (c.p1_open + 0.5 * c.p2_open) * near, "open_p1": c.p1_open, "p1_days": c.p1_oldest,
        "waiting_days": days(c.today, c.waiting).fillna(0), "tickets_90d": c.opened_90,
        "nps": (c.points / c.weights.replace(0, np.nan)).where((c.named == 0) | (c.found > 0)), "promoter": (c.newest_nps >= 9).astype(float).where(c.newest_nps.notna()),
        "latest_nps": c.newest_nps, "latest_nps_age": days(c.today, c.newest_nps_on), "decision_maker_score": c.lowest,
        "decision_maker_answer_age": days(c.today, c.decided_on), "csat": c.csat, "survey_response": (c.answers / c.invited).where(c.invited >= 2),
        "invitations_unanswered": c.invited.where((c.answers == 0) | c.invited.isna(), 0), "overdue": days(c.today, c.oldest_due).fillna(0).where(c.invoices > 0),
        "overdue_share": (c.owed.fillna(0) / c.account_arr.astype(float)).where(c.invoices > 0), "executive_contact": days(c.today, c.last_contact),
        "goals_on_track": on_track.clip(upper=0.6).where(old, on_track), "days_to_renewal": days(c.renewal_on, c.today),
        "notice": (c.notice_on <= c.today).astype(int), "csm_judgement": judged.where(days(c.today, c.csm_judgement_on).between(0, 90)),
    })  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
