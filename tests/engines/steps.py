"""Studies that use every kind of step and every total, told by what they are there for."""

from __future__ import annotations

from typing import Any

from cs_connector.language.compiler import Plan, compile_study
from cs_connector.language.periods import Calendar
from cs_connector.language.steps import Step
from cs_connector.measure.metrics import BASE

BERLIN = Calendar(fiscal_year_starts=2, week_starts="sunday", zone="Europe/Berlin")
Study = list[dict[str, Any]]
USERS = {"filter": "grain = 'month' and metric = 'active_users'"}


def totals(**of: Any) -> dict[str, Any]:
    return {"aggregate": {"totals": of}}


STUDIES: dict[str, Study] = {
    "fetch, of a group": [
        {"fetch": {"entity": "invoice", "of": "group"}}, {"filter": "currency = 'EUR'"},
        totals(n={"take": "count"}, sum={"take": "sum", "of": "amount"}, oldest={"take": "min", "of": "due_on"}),
    ],
    "fetch, of an account": [
        {"fetch": {"entity": "ticket", "of": "account"}}, totals(n={"take": "count"}, who={"take": "distinct", "of": "person_id"}),
    ],
    "filter": [{"fetch": "role"}, {"filter": "active and lower(role) <> 'a'"}, totals(n={"take": "count"})],
    "derive": [
        {"fetch": "goal"}, {"derive": {"left": "days(due_on, today)", "late": "left < 0"}},
        totals(late={"take": "share", "of": "late"}, most={"take": "max", "of": "left", "where": "not late"}),
    ],
    "trailing days and all time": [
        {"fetch": "activity"}, {"trailing": {"of": "at"}}, {"derive": {"new": "days(today, at) < 30"}},
        totals(n={"take": "count"}, new={"take": "count", "where": "new"}, last={"take": "max", "of": "at"}),
    ],
    "trailing weeks": [{"fetch": "ticket"}, {"trailing": {"of": "opened_at", "weeks": 3}}, totals(n={"take": "count"})],
    "trailing months": [
        {"fetch": "usage"}, USERS, {"trailing": {"of": "on_date", "months": 6}}, totals(sum={"take": "sum", "of": "value"}),
    ],
    "trailing quarters": [{"fetch": "invoice"}, {"trailing": {"of": "issued_on", "quarters": 2}}, totals(n={"take": "count"})],
    "merge with an entity": [
        {"fetch": "survey_response"},
        {"merge": {"entity": "person", "on": "person_id", "take": ["decision_maker"], "found": "found"}},
        totals(found={"take": "count", "where": "found"}, mean={"take": "avg", "of": "score", "where": "decision_maker"}),
    ],
    "merge with steps": [
        {"fetch": "ticket"}, {"aggregate": {"by": ["product"], "totals": {"n": {"take": "count"}}}},
        {"merge": {
            "steps": [{"fetch": "goal"}, {"aggregate": {"by": ["product"], "totals": {"goals": {"take": "count"}}}}],
            "on": "product", "take": ["goals"], "found": "planned",
        }},
        totals(both={"take": "count", "where": "planned"}, most={"take": "max", "of": "n / goals"}),
    ],
    "merge with many": [
        {"fetch": "goal"}, {"trailing": {"of": "updated_on"}},
        {"merge": {"steps": [{"fetch": "role"}], "on": "product", "take": {"who": "role"}, "many": True}},
        totals(n={"take": "count"}, who={"take": "distinct", "of": "who"}),
    ],
    "latest": [
        {"fetch": "survey_response"}, {"trailing": {"of": "answered_on"}}, {"latest": {"by": ["lower(kind)"], "order": ["answered_on"]}},
        totals(mean={"take": "avg", "of": "score"}, n={"take": "count"}),
    ],
    "top": [
        {"fetch": "invoice"}, {"trailing": {"of": "issued_on"}}, {"top": {"by": ["paid_on is null"], "order": ["due_on"], "n": 3}},
        totals(n={"take": "count"}, last={"take": "min", "of": "due_on"}),
    ],
    "aggregate, every total": [
        {"fetch": "usage"}, {"filter": "grain = 'day'"}, {"trailing": {"of": "on_date", "days": 60}},
        totals(
            n={"take": "count"}, sum={"take": "sum", "of": "value"}, avg={"take": "avg", "of": "value"}, min={"take": "min", "of": "value"},
            max={"take": "max", "of": "metric"}, distinct={"take": "distinct", "of": "metric"},
            newest={"take": "newest", "of": "value", "by": "on_date"}, stddev={"take": "stddev", "of": "value"},
            variance={"take": "variance", "of": "value"}, median={"take": "median", "of": "value"},
            quantile={"take": "quantile", "of": "value", "p": 0.9}, slope={"take": "slope", "of": "value", "over": "on_date"},
            corr={"take": "corr", "of": "value", "with": "days(today, on_date)"}, share={"take": "share", "of": "metric = 'active'"},
        ),
    ],
    "aggregate by and again": [
        {"fetch": "ticket"}, {"trailing": {"of": "opened_at"}},
        {"aggregate": {"by": ["priority", "product"], "totals": {"n": {"take": "count"}, "open": {"take": "max", "of": "opened_at"}}}},
        totals(most={"take": "max", "of": "n"}, kinds={"take": "count"}, newest={"take": "newest", "of": "priority", "by": "open"}),
    ],
    "every month, the last six": [
        {"fetch": "ticket"},
        {"aggregate": {"every": {"of": "opened_at", "grain": "month", "last": 6}, "totals": {"n": {"take": "count"}, "p1": {"take": "max", "of": "priority"}}}},
        totals(slope={"take": "slope", "of": "n", "over": "period"}, none={"take": "count", "where": "n = 0"}, sd={"take": "stddev", "of": "n"}),
    ],
    "every month by a column, the last four": [
        {"fetch": "usage"}, {"filter": "grain = 'month'"},
        {"aggregate": {"by": ["metric"], "every": {"of": "on_date", "grain": "month", "last": 4}, "totals": {"v": {"take": "sum", "of": "value"}}}},
        {"filter": "back <= 3"}, totals(sum={"take": "sum", "of": "v"}, n={"take": "count"}, known={"take": "count", "of": "v"}),
    ],
    "every day in a zone": [
        {"fetch": "ticket"}, {"aggregate": {"every": {"of": "opened_at", "grain": "day", "zone": "Europe/Berlin"}, "totals": {"n": {"take": "count"}}}},
        totals(most={"take": "max", "of": "n"}, days={"take": "count"}, last={"take": "max", "of": "period"}),
    ],
    "every week from Sunday": [
        {"fetch": "activity"}, {"aggregate": {"every": {"of": "at", "grain": "week", "last": 8}, "totals": {"n": {"take": "count"}}}},
        totals(weeks={"take": "count", "where": "n > 0"}, mean={"take": "avg", "of": "n"}),
    ],
    "every quarter of the fiscal year": [
        {"fetch": "invoice"}, {"filter": "currency = 'USD'"},
        {"aggregate": {"every": {"of": "issued_on", "grain": "quarter", "fiscal": True, "last": 4}, "totals": {"sum": {"take": "sum", "of": "amount"}}}},
        totals(best={"take": "max", "of": "sum"}, first={"take": "min", "of": "period"}),
    ],
    "pivot": [
        {"fetch": "usage"}, {"trailing": {"of": "on_date", "months": 3}},
        {"pivot": {"on": "metric", "values": {"users": "active_users", "spent": "budget_spent"}, "take": "sum", "of": "value"}},
    ],
    "pivot by a column": [
        {"fetch": "ticket"}, {"trailing": {"of": "opened_at"}},
        {"pivot": {"by": ["product"], "on": "lower(priority)", "values": {"p1": "p1", "high": "high"}, "take": "count"}},
        totals(p1={"take": "max", "of": "p1"}, high={"take": "sum", "of": "high"}),
    ],
    "window": [
        {"fetch": "usage"}, USERS, {"trailing": {"of": "on_date", "months": 12}},
        {"window": {"order": ["on_date"], "add": {
            "before": {"take": "lag", "of": "value"}, "after": {"take": "lead", "of": "value", "rows": 2}, "place": {"take": "row_number"},
            "rank": {"take": "rank"}, "percent": {"take": "percent_rank"}, "quarter": {"take": "ntile", "rows": 4},
            "sum": {"take": "running_sum", "of": "value"}, "moving": {"take": "moving_avg", "of": "value", "rows": 3},
            "z": {"take": "zscore", "of": "value"}, "share": {"take": "share", "of": "value"},
        }}},
        totals(**{
            name: {"take": "sum", "of": name} for name in ("before", "after", "place", "rank", "percent", "quarter", "sum", "moving", "share")
        }, z={"take": "newest", "of": "z", "by": "on_date"}),
    ],
    "peers": [
        {"fetch": "ticket"}, {"trailing": {"of": "opened_at"}}, totals(n={"take": "count"}),
        {"peers": {"within": ["account_segment"], "of": "n", "add": {
            "rank": "rank", "percentile": "percentile", "quartile": "quartile", "z": "zscore", "middle": "median",
        }}},
    ],
    "union": [
        {"fetch": "ticket"}, {"aggregate": {"by": ["product"], "totals": {"n": {"take": "count"}}}},
        {"union": {"steps": [{"fetch": "goal"}, {"aggregate": {"by": ["product"], "totals": {"n": {"take": "count"}}}}]}},
        totals(n={"take": "sum", "of": "n"}, rows={"take": "count"}),
    ],
}  # fmt: skip


def plan(study: Study) -> Plan:
    return compile_study([Step.model_validate(step) for step in study], BERLIN, name="study", base=BASE)
