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
        """All that it answers to, in lower case."""
        return tuple({self.type_id, self.name.lower(), self.singular.lower(), *self.aliases})

    def scopes(self, act: str) -> tuple[str, ...]:
        """What a token must have to read or write it."""
        return (self.scope or f"crm.objects.{'custom' if self.custom else self.name}.{act}",)


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
TASKS = Kind(
    "0-27",
    "tasks",
    "task",
    (),
    created="hs_createdate",
    required=("hs_timestamp",),
    display=("hs_task_subject", "hs_task_body"),
    scope="crm.objects.contacts.write",
)
BUILT_IN = (CONTACTS, COMPANIES, DEALS, TICKETS, FEEDBACK, TASKS)
