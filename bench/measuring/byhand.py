"""The standard scorecard's metrics as one who knows DuckDB writes them by hand: `python -m bench.measuring.byhand DATA OUT`.

The same numbers as ours, at the same seven dates, for the same relationships; months and dates are paired as late as possible.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

DATES = """CREATE TABLE grid AS SELECT DATE '2026-11-15' AS today
UNION ALL SELECT (date_trunc('month', DATE '2026-11-15') - to_months(m::INTEGER) - INTERVAL 1 DAY)::DATE FROM range(6) t(m)"""

SCOPE = """CREATE TABLE scope AS SELECT row_number() OVER (ORDER BY r.account_id, relationship_id)::INTEGER AS r, relationship_id,
    r.account_id, product, r.renewal_on, seats, features_bought, notice_on, r.status, r.start_on, r.csm_judgement, r.csm_judgement_on,
    a.arr AS account_arr FROM 'DATA/relationship.parquet' r JOIN 'DATA/account.parquet' a USING (account_id)
    WHERE a.customer_status IN ('Customer', 'Trial') AND r.status IS DISTINCT FROM 'Ended'"""

USAGE = """CREATE TABLE usage_out AS
WITH monthly AS (SELECT account_id, product, datediff('month', on_date, DATE '2026-11-15') AS m,
        sum(value) FILTER (metric = 'active_users') AS users, count(*) FILTER (metric = 'active_users') > 0 AS has_users,
        max(value) FILTER (metric = 'key_features_used') AS features, last_day(max(on_date) FILTER (metric = 'active_users' AND value > 0)) AS active,
        min(on_date) FILTER (metric = 'active_users') AS oldest
    FROM 'DATA/usage.parquet' WHERE grain = 'month' AND metric IN ('active_users', 'key_features_used') GROUP BY ALL),
mine AS (SELECT r, m, sum(users) AS users, bool_or(has_users) AS has_users, max(features) AS features, max(active) AS active, min(oldest) AS oldest
    FROM monthly JOIN scope s ON s.account_id = monthly.account_id AND (monthly.product IS NULL OR monthly.product = s.product) GROUP BY r, m),
dated AS (SELECT mine.*, g.today, mine.m - datediff('month', g.today, DATE '2026-11-15') AS back FROM mine JOIN grid g
    ON mine.m - datediff('month', g.today, DATE '2026-11-15') BETWEEN 1 AND 15),
summed AS (SELECT r, today, sum(users) FILTER (back = 1) AS users_1, sum(users) FILTER (back = 4) AS users_4,
    max(features) FILTER (back = 1) AS features_1, sum(users) FILTER (back <= 3) AS recent, sum(users) FILTER (back BETWEEN 4 AND 6) AS before,
    sum(users) FILTER (back BETWEEN 13 AND 15) AS last_year, count(*) FILTER (has_users AND back <= 6) AS months_6,
    count(*) FILTER (has_users AND back BETWEEN 13 AND 15) AS months_last_year, max(active) AS last_active, min(oldest) AS oldest
    FROM dated GROUP BY ALL)
SELECT r, today, CASE WHEN seats > 0 THEN users_1 / seats END AS active_share,
    CASE WHEN months_6 = 6 THEN CASE WHEN months_last_year = 3 THEN greatest(recent / nullif(before, 0), recent / nullif(last_year, 0))
        ELSE recent / nullif(before, 0) END END AS usage_trend,
    CASE WHEN features_bought > 0 THEN features_1 / features_bought END AS feature_breadth, users_1 / nullif(users_4, 0) - 1 AS usage_change,
    CASE WHEN users_1 IS NOT NULL THEN greatest(0, datediff('day', coalesce(last_active, oldest), today)) END AS inactive_days,
    CASE WHEN users_1 IS NOT NULL THEN greatest(0, datediff('month', coalesce(last_active, oldest), today) - 1) END AS inactive_months
FROM summed JOIN scope USING (r)"""

TICKETS = """CREATE TABLE ticket_out AS
WITH told AS (SELECT t.account_id, t.product, x.relationship_id, t.opened_at::DATE AS opened, t.closed_at::DATE AS closed,
        t.waiting_since::DATE AS waiting, lower(priority) IN ('p1', 'critical', 'urgent') AS p1, lower(priority) IN ('p2', 'high') AS p2
    FROM 'DATA/ticket.parquet' t LEFT JOIN (SELECT entity_id, relationship_id FROM 'DATA/attachment.parquet' WHERE entity = 'ticket') x
    ON x.entity_id = t.ticket_id WHERE opened_at >= DATE '2026-01-01' OR closed_at IS NULL OR closed_at >= DATE '2026-05-31'),
dated AS (SELECT t.*, g.today, datediff('day', opened, today) AS age, closed IS NULL OR closed > today AS open FROM told t JOIN grid g
    ON opened <= today AND (opened > today - 90 OR closed IS NULL OR closed > today)),
mine AS (SELECT s.r, d.* FROM dated d JOIN scope s ON s.account_id = d.account_id AND
    (d.relationship_id = s.relationship_id OR (d.relationship_id IS NULL AND (d.product IS NULL OR d.product = s.product)))),
summed AS (SELECT r, today, count(*) FILTER (age < 30) AS opened_30, count(*) FILTER (age < 90) AS opened_90,
    count(*) FILTER (open AND p1) AS p1_open, count(*) FILTER (open AND p2) AS p2_open, max(age) FILTER (open AND p1) AS p1_oldest,
    min(waiting) FILTER (open AND waiting <= today) AS waiting FROM mine GROUP BY ALL)
SELECT r, today, coalesce(opened_30, 0) AS support_requests, (coalesce(p1_open, 0) + 0.5::DOUBLE * coalesce(p2_open, 0))
        * CASE WHEN renewal_on IS NULL THEN 2 ELSE greatest(1, least(3, 3 - 2 * (datediff('day', today, renewal_on) - 30) / 150::DOUBLE)) END AS urgent_x_renewal,
    coalesce(p1_open, 0) AS open_p1, coalesce(p1_oldest, 0) AS p1_days, coalesce(datediff('day', waiting, today), 0) AS waiting_days,
    coalesce(opened_90, 0) AS tickets_90d FROM scope CROSS JOIN grid LEFT JOIN summed USING (r, today)"""

ANSWERS = """CREATE TABLE answer_out AS
WITH dated AS (SELECT v.*, g.today FROM 'DATA/survey_response.parquet' v JOIN grid g ON answered_on <= today AND answered_on > today - 180 WHERE score IS NOT NULL),
known AS (SELECT d.*, p.person_id IS NOT NULL AS found, coalesce(decision_maker, FALSE) AND coalesce(active, TRUE) AS decides
    FROM dated d LEFT JOIN (SELECT person_id, decision_maker, active FROM 'DATA/person.parquet') p USING (person_id)),
latest AS (SELECT s.r, k.* FROM (SELECT * FROM known QUALIFY row_number() OVER
    (PARTITION BY account_id, today, coalesce(person_id, survey_response_id), kind ORDER BY answered_on DESC, survey_response_id DESC) = 1) k
    JOIN scope s USING (account_id)),
summed AS (SELECT r, today, sum(CASE WHEN decides THEN 2 ELSE 1 END * score_10) FILTER (lower(kind) = 'nps') AS points,
    sum(CASE WHEN decides THEN 2 ELSE 1 END) FILTER (lower(kind) = 'nps' AND score_10 IS NOT NULL) AS weights,
    count(*) FILTER (lower(kind) = 'nps' AND person_id IS NOT NULL) AS named, count(*) FILTER (lower(kind) = 'nps' AND found) AS found_people,
    arg_max(score_10, (answered_on, survey_response_id)) FILTER (lower(kind) = 'nps') AS newest_nps,
    max(answered_on) FILTER (lower(kind) = 'nps') AS newest_nps_on, min(score / scale_max * 10) FILTER (decides) AS lowest,
    arg_max(answered_on, (10 - score / scale_max * 10, survey_response_id)) FILTER (decides) AS decided_on,
    avg(score_10) FILTER (lower(kind) = 'csat' AND answered_on > today - 90) AS csat FROM latest GROUP BY ALL)
SELECT r, today, CASE WHEN named = 0 OR found_people > 0 THEN points / nullif(weights, 0) END AS nps,
    CASE WHEN newest_nps IS NOT NULL THEN (newest_nps >= 9)::INTEGER END AS promoter, newest_nps AS latest_nps,
    datediff('day', newest_nps_on, today) AS latest_nps_age, lowest AS decision_maker_score,
    datediff('day', decided_on, today) AS decision_maker_answer_age, csat FROM summed"""

OTHERS = """CREATE TABLE other_out AS
WITH asked AS (SELECT account_id, today, count(*) AS invited, count(*) FILTER (answered_on <= today) AS answers
    FROM 'DATA/survey_response.parquet' JOIN grid ON invited_on <= today AND invited_on > today - 365 GROUP BY ALL),
billed AS (SELECT account_id, today, count(*) AS invoices, min(due_on) FILTER (due_on < today AND (paid_on IS NULL OR paid_on > today)) AS oldest,
    sum(amount) FILTER (due_on < today AND (paid_on IS NULL OR paid_on > today)) AS owed
    FROM 'DATA/invoice.parquet' JOIN grid ON issued_on <= today GROUP BY ALL),
met AS (SELECT v.account_id, today, max(v."at") AS met_at FROM 'DATA/activity.parquet' v JOIN 'DATA/person.parquet' p USING (person_id)
    JOIN grid ON v."at"::DATE <= today WHERE two_way AND decision_maker GROUP BY ALL),
planned AS (SELECT account_id, today, count(*) FILTER (status IS NOT NULL) AS goals, count(*) FILTER (lower(status) IN ('on track', 'met')) AS good,
    max(updated_on) AS newest FROM 'DATA/goal.parquet' JOIN grid ON updated_on IS NULL OR updated_on <= today GROUP BY ALL)
SELECT r, today, CASE WHEN invited >= 2 THEN answers / invited END AS survey_response, CASE WHEN invited > 0 THEN if(answers > 0, 0, invited) END AS invitations_unanswered,
    CASE WHEN invoices > 0 THEN coalesce(datediff('day', oldest, today), 0) END AS overdue, CASE WHEN invoices > 0 THEN coalesce(owed, 0)::DOUBLE / account_arr::DOUBLE END AS overdue_share,
    datediff('day', met_at::DATE, today) AS executive_contact,
    CASE WHEN goals > 0 THEN if(coalesce(datediff('day', newest, today) > 120, TRUE), least(good / goals, 0.6::DOUBLE), good / goals) END AS goals_on_track,
    datediff('day', today, renewal_on) AS days_to_renewal, if(coalesce(notice_on <= today, FALSE), 1, 0) AS notice,
    CASE WHEN datediff('day', csm_judgement_on, today) BETWEEN 0 AND 90 THEN
        CASE lower(csm_judgement) WHEN 'good' THEN 100 WHEN 'concerned' THEN 50 WHEN 'at risk' THEN 0 END END AS csm_judgement
FROM scope CROSS JOIN grid LEFT JOIN asked USING (account_id, today) LEFT JOIN billed USING (account_id, today)
LEFT JOIN met USING (account_id, today) LEFT JOIN planned USING (account_id, today)"""

RESULT = """COPY (SELECT relationship_id, today AS on_date, COLUMNS(* EXCLUDE (r, today, relationship_id, start_on)) FROM
(SELECT r, relationship_id, start_on, today FROM scope CROSS JOIN grid)
LEFT JOIN usage_out USING (r, today) LEFT JOIN ticket_out USING (r, today) LEFT JOIN answer_out USING (r, today) LEFT JOIN other_out USING (r, today)
WHERE start_on IS NULL OR start_on <= today OR today = (SELECT max(today) FROM grid)) TO 'OUT' (FORMAT parquet, COMPRESSION zstd)"""


def main(data: Path, out: Path) -> None:
    with duckdb.connect(config={"threads": 2, "memory_limit": "8GB"}) as con:
        con.execute("SET preserve_insertion_order = false")
        for text in (DATES, SCOPE, USAGE, TICKETS, ANSWERS, OTHERS, RESULT):
            con.execute(text.replace("DATA", str(data)).replace("'OUT'", f"'{out}'"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
