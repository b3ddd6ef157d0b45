"""The entities: what every CRM's records become. One row of a table is one entity at one time.

Types are those of the executor (DuckDB). Money is DECIMAL(18,2) in the account's currency. Dates that
have no time stay dates; times are UTC without a zone. Missing is NULL; a text is never empty. `custom` is a JSON object
of the fields that were passed through, by the names that they have in their CRM; empty ones are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, WHOLE, NUMBER, FLAG = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"
MONEY, DATE, TIME = "DECIMAL(18,2)", "DATE", "TIMESTAMP"
CUSTOM = "custom"
ABOUT = "relationship topic"  # what a record says of the relationship that it is about


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A table of entities: its key column comes first; `personal` columns identify a person.

    `evidence` columns are read to tell who is who, and are no part of the table. `dated` is a formula for the day from
    which a row exists: on earlier days there is no such row; None where rows have no such day.
    """

    name: str
    columns: tuple[Column, ...]
    personal: frozenset[str] = frozenset()
    evidence: tuple[Column, ...] = ()
    dated: str | None = None

    @property
    def key(self) -> str:
        return self.columns[0].name

    @property
    def staged(self) -> tuple[Column, ...]:
        """What a mapping can give: attributes and evidence."""
        return self.columns + self.evidence

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


def _table(
    table: str, /, *, identifying: str = "", telling: str = "", dated: str | None = None, **columns: str
) -> Entity:
    listed = tuple(Column(n, t) for n, t in columns.items())
    texts = tuple(Column(n, TEXT) for n in telling.split())
    return Entity(table, listed, frozenset(identifying.split()), texts, dated)


def _entity(
    table: str, /, *, identifying: str = "", telling: str = "", dated: str | None = None, **columns: str
) -> Entity:
    given = f"{identifying} {CUSTOM}"
    return _table(table, identifying=given, telling=telling, dated=dated, **columns, **{CUSTOM: TEXT})


ACCOUNT = _entity(
    "account", telling="country city phone",
    account_id=TEXT, name=TEXT, parent_id=TEXT, ultimate_parent_id=TEXT, depth=WHOLE,
    domain=TEXT, industry=TEXT, segment=TEXT, kind=TEXT,
    customer_status=TEXT, status_reason=TEXT, lifecycle_stage=TEXT, customer_since=DATE,
    currency=TEXT, arr=MONEY, renewal_on=DATE,
    owner_user_id=TEXT, csm_user_id=TEXT, team_csm_user_id=TEXT,
    csm_judgement=TEXT, csm_judgement_on=DATE, alerts_paused_until=DATE, created_on=DATE,
)  # fmt: skip
PERSON = _entity(
    "person", identifying="name email title",
    telling="given_name family_name phone street street_2 city postal_code region country born_on",
    person_id=TEXT, account_id=TEXT, name=TEXT, email=TEXT, title=TEXT,
    decision_maker=FLAG, champion=FLAG, active=FLAG, left_on=DATE, was_decision_maker=FLAG, was_champion=FLAG,
)  # fmt: skip
USER = _entity(
    "user", identifying="name email",
    user_id=TEXT, name=TEXT, email=TEXT, active=FLAG, role=TEXT,
)  # fmt: skip
RELATIONSHIP = _entity(
    "relationship", telling="decision_maker champion",
    relationship_id=TEXT, account_id=TEXT, key=TEXT, type=TEXT, name=TEXT, product=TEXT, region=TEXT,
    status=TEXT, stage=TEXT, start_on=DATE, renewal_on=DATE, end_on=DATE,
    arr=MONEY, seats=WHOLE, features_bought=WHOLE, notice_on=DATE, scorecard=TEXT,
    owner_user_id=TEXT, owner_source=TEXT, renewal_manager_user_id=TEXT, sales_owner_user_id=TEXT,
    csm_judgement=TEXT, csm_judgement_on=DATE, alerts_paused_until=DATE,
    partner_account_id=TEXT, auto_renew=FLAG, previous_end_on=DATE,
)  # fmt: skip
SUBSCRIPTION = _entity(
    "subscription",
    subscription_id=TEXT, account_id=TEXT, product=TEXT, region=TEXT, type=TEXT, status=TEXT,
    start_on=DATE, end_on=DATE, renewal_on=DATE, arr=MONEY, currency=TEXT, seats=WHOLE,
    features_bought=WHOLE, auto_renew=FLAG, notice_on=DATE, owner_user_id=TEXT, partner_account_id=TEXT,
)  # fmt: skip
TICKET = _entity(
    "ticket", telling=ABOUT, dated="opened_at",
    ticket_id=TEXT, account_id=TEXT, person_id=TEXT, product=TEXT, kind=TEXT, priority=TEXT, status=TEXT,
    opened_at=TIME, closed_at=TIME, waiting_since=TIME,
)  # fmt: skip
SURVEY_RESPONSE = _entity(
    "survey_response", telling=ABOUT, dated="coalesce(invited_on, answered_on)",
    survey_response_id=TEXT, account_id=TEXT, person_id=TEXT, kind=TEXT,
    score=NUMBER, scale_min=NUMBER, scale_max=NUMBER, score_10=NUMBER,
    invited_on=DATE, answered_on=DATE,
)  # fmt: skip
USAGE = _entity(
    "usage", telling=ABOUT, dated="on_date",
    usage_id=TEXT, account_id=TEXT, product=TEXT, metric=TEXT, on_date=DATE, grain=TEXT, value=NUMBER,
)  # fmt: skip
INVOICE = _entity(
    "invoice", telling=ABOUT, dated="issued_on",
    invoice_id=TEXT, account_id=TEXT, issued_on=DATE, due_on=DATE, paid_on=DATE, amount=MONEY, currency=TEXT,
)  # fmt: skip
OPPORTUNITY = _entity(
    "opportunity",
    opportunity_id=TEXT, account_id=TEXT, type=TEXT, stage=TEXT, won=FLAG, closed=FLAG, amount=MONEY,
    close_on=DATE,
)  # fmt: skip
ACTIVITY = _entity(
    "activity", telling=ABOUT, dated="at",
    activity_id=TEXT, account_id=TEXT, person_id=TEXT, kind=TEXT, two_way=FLAG, at=TIME,
)  # fmt: skip
LIFECYCLE_EVENT = _entity(
    "lifecycle_event", telling=ABOUT, dated="case when due_on is null then on_date end",  # what is planned exists before
    lifecycle_event_id=TEXT, account_id=TEXT, product=TEXT, kind=TEXT, due_on=DATE, on_date=DATE,
)  # fmt: skip
GOAL = _entity(
    "goal", telling=ABOUT,
    goal_id=TEXT, account_id=TEXT, product=TEXT, status=TEXT, due_on=DATE, updated_on=DATE,
    name=TEXT, measure=TEXT, target=NUMBER,
)  # fmt: skip
ROLE = _entity(
    "role", telling=ABOUT,
    role_id=TEXT, account_id=TEXT, person_id=TEXT, product=TEXT, role=TEXT, active=FLAG,
)  # fmt: skip
DOCUMENT = _entity(
    "document", identifying="title", telling=ABOUT, dated="created_on",
    document_id=TEXT, account_id=TEXT, product=TEXT, kind=TEXT, title=TEXT,
    created_on=DATE, modified_on=DATE, signed_on=DATE, expires_on=DATE,
)  # fmt: skip
TASK = _entity(
    "task",
    task_id=TEXT, key=TEXT, account_id=TEXT, owner_user_id=TEXT, status=TEXT, closed=FLAG, outcome=TEXT,
    due_on=DATE,
)  # fmt: skip

ENTITIES: dict[str, Entity] = {
    e.name: e
    for e in (
        ACCOUNT, PERSON, USER, RELATIONSHIP, SUBSCRIPTION, TICKET, SURVEY_RESPONSE, USAGE, INVOICE,
        OPPORTUNITY, ACTIVITY, LIFECYCLE_EVENT, GOAL, ROLE, DOCUMENT, TASK,
    )
}  # fmt: skip

LINK = _table(
    "link",
    entity_id=TEXT, entity=TEXT, connection=TEXT, object=TEXT, record_id=TEXT, method=TEXT, confidence=NUMBER,
    evidence=TEXT,
)  # fmt: skip
FEED = _table(
    "feed",
    entity=TEXT, connection=TEXT, complete=FLAG, watermark=TIME,
)  # fmt: skip
ATTACHMENT = _table(
    "attachment",
    entity=TEXT, entity_id=TEXT, relationship_id=TEXT, rule=TEXT,
)  # fmt: skip
