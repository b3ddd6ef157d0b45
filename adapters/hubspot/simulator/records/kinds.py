"""The kinds of record: their names, their type id, and the properties that each always has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record. `created` and `modified` name the properties that hold those times."""

    type_id: str
    name: str
    singular: str
    defaults: tuple[str, ...]
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    required: tuple[str, ...] = ()
    read_only: bool = False
    display: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    scope: str = ""

    @property
    def always(self) -> tuple[str, ...]:
        return (self.created, self.modified, "hs_object_id")

    @property
    def custom(self) -> bool:
        return self.type_id.startswith("2-")

    def names(self) -> tuple[str, ...]:
        """All that it answers to, in lower case; a custom object not by its bare name."""
        plain = () if self.custom else (self.singular.lower(),)
        return tuple({self.type_id, self.name.lower(), *plain, *self.aliases})

    def scopes(self, act: str) -> tuple[str, ...]:
        """What a token must have to `read` or `write` it."""
        scope = self.scope or f"crm.objects.{'custom' if self.custom else self.name}.{{act}}"
        return (scope.format(act=act),)


CONTACTS = Kind(
    "0-1",
    "contacts",
    "contact",
    ("email", "firstname", "lastname"),
    modified="lastmodifieddate",
    display=("firstname", "lastname", "email", "phone", "company"),
)
COMPANIES = Kind(
    "0-2", "companies", "company", ("domain", "name"), display=("name", "domain", "phone", "website")
)
DEALS = Kind(
    "0-3",
    "deals",
    "deal",
    ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    display=("dealname",),
)
TICKETS = Kind(
    "0-5",
    "tickets",
    "ticket",
    ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "subject"),
    required=("subject", "hs_pipeline_stage"),
    display=("subject", "content"),
    scope="tickets",
)
FEEDBACK = Kind(
    "0-19",
    "feedback_submissions",
    "feedback_submission",
    (),
    created="hs_createdate",
    read_only=True,
    display=("hs_survey_name", "hs_content"),
)
PRODUCTS = Kind(
    "0-7",
    "products",
    "product",
    ("description", "name", "price"),
    display=("name", "description", "hs_sku"),
)
LINE_ITEMS = Kind("0-8", "line_items", "line_item", ("amount", "quantity"), display=("name",))


def _activity(type_id: str, name: str, *display: str) -> Kind:
    """A kind of record that hangs on others: what was done or is to be done, and when."""
    return Kind(
        type_id,
        name,
        name.removesuffix("s"),
        (),
        created="hs_createdate",
        required=("hs_timestamp",),
        display=display,
        scope="crm.objects.contacts.{act}",
    )


TASKS = _activity("0-27", "tasks", "hs_task_subject", "hs_task_body")
NOTES = _activity("0-46", "notes", "hs_note_body")
MEETINGS = _activity("0-47", "meetings", "hs_meeting_title", "hs_meeting_body")
CALLS = _activity("0-48", "calls", "hs_call_title", "hs_call_body")
EMAILS = _activity("0-49", "emails", "hs_email_subject", "hs_email_text")
BUILT_IN = (
    CONTACTS,
    COMPANIES,
    DEALS,
    TICKETS,
    PRODUCTS,
    LINE_ITEMS,
    FEEDBACK,
    TASKS,
    NOTES,
    MEETINGS,
    CALLS,
    EMAILS,
)
ACTIVITIES = (TASKS, NOTES, MEETINGS, CALLS, EMAILS)
