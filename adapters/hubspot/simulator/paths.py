"""Which endpoint answers which path."""

from __future__ import annotations

from .account.account import Account
from .account.lists import Lists
from .account.oauth import Tokens
from .account.owners import Owners
from .account.pipelines import Pipelines
from .account.quotas import Quotas
from .account.schemas import Schemas
from .links.associations import Associations
from .links.labels import Labels
from .links.named_associations import NamedAssociations
from .links.older_associations import OlderAssociations
from .properties.groups import Groups
from .properties.properties import Properties
from .properties.validations import Validations
from .records.batch import Batches
from .records.older_contacts import OlderContacts
from .records.records import Records
from .records.search import Search
from .routes import Route, route
from .webhooks.webhooks import Webhooks

V3, V4 = "v3", "v4"


def records(records: Records, batches: Batches, search: Search) -> list[Route]:
    return [
        route("POST", "objects/*/batch/read", V3, batches.read),
        route("POST", "objects/*/batch/create", V3, batches.create),
        route("POST", "objects/*/batch/update", V3, batches.update),
        route("POST", "objects/*/batch/upsert", V3, batches.upsert),
        route("POST", "objects/*/batch/archive", V3, batches.archive),
        route("POST", "objects/contacts/gdpr-delete", V3, records.erase),
        route("POST", "objects/*/search", V3, search.search),
        route("POST", "objects/*/merge", V3, records.merge),
        route("GET", "objects/*", V3, records.list),
        route("POST", "objects/*", V3, records.create),
        route("GET", "objects/*/*", V3, records.get),
        route("PATCH", "objects/*/*", V3, records.update),
        route("DELETE", "objects/*/*", V3, records.archive),
    ]


def associations(associations: Associations, labels: Labels) -> list[Route]:
    return [
        route("GET", "objects/*/*/associations/*", V4, associations.list),
        route("PUT", "objects/*/*/associations/default/*/*", V4, associations.put_default),
        route("PUT", "objects/*/*/associations/*/*", V4, associations.put),
        route("DELETE", "objects/*/*/associations/*/*", V4, associations.delete),
        route("POST", "associations/*/*/batch/read", V4, associations.read),
        route("POST", "associations/*/*/batch/create", V4, associations.create),
        route("POST", "associations/*/*/batch/associate/default", V4, associations.create_default),
        route("POST", "associations/*/*/batch/archive", V4, associations.archive),
        route("POST", "associations/*/*/batch/labels/archive", V4, associations.archive_labels),
        route("GET", "associations/*/*/labels", V4, labels.list),
        route("POST", "associations/*/*/labels", V4, labels.create),
        route("PUT", "associations/*/*/labels", V4, labels.update),
        route("DELETE", "associations/*/*/labels/*", V4, labels.delete),
    ]


def named(associations: NamedAssociations) -> list[Route]:
    return [
        route("GET", "associations/*/*/types", V3, associations.types, dated=False),
        route("POST", "associations/*/*/batch/read", V3, associations.read, dated=False),
        route("POST", "associations/*/*/batch/create", V3, associations.create, dated=False),
        route("POST", "associations/*/*/batch/archive", V3, associations.archive, dated=False),
        route("GET", "objects/*/*/associations/*", V3, associations.list, dated=False),
        route("PUT", "objects/*/*/associations/*/*/*", V3, associations.put, dated=False),
        route("DELETE", "objects/*/*/associations/*/*/*", V3, associations.delete, dated=False),
    ]


def older(contacts: OlderContacts, associations: OlderAssociations) -> list[Route]:
    contact, links = "contacts/contact", "crm-associations/associations"
    return [
        route("GET", f"{contact}/email/*/profile", "v1", contacts.profile, dated=False),
        route("POST", f"{contact}/email/*/profile", "v1", contacts.update, dated=False),
        route("POST", f"{contact}/createOrUpdate/email/*", "v1", contacts.create_or_update, dated=False),
        route("DELETE", f"{contact}/vid/*", "v1", contacts.delete, dated=False),
        route("PUT", links, "v1", associations.put, dated=False),
        route("PUT", f"{links}/delete", "v1", associations.delete, dated=False),
        route("GET", f"{links}/*/*/*", "v1", associations.list, dated=False),
    ]


def properties(properties: Properties, groups: Groups, validations: Validations) -> list[Route]:
    return [
        route("GET", "properties/*/groups", V3, groups.list),
        route("POST", "properties/*/groups", V3, groups.create),
        route("GET", "properties/*/groups/*", V3, groups.get),
        route("PATCH", "properties/*/groups/*", V3, groups.update),
        route("DELETE", "properties/*/groups/*", V3, groups.archive),
        route("POST", "properties/*/batch/create", V3, properties.create_batch),
        route("POST", "properties/*/batch/read", V3, properties.read_batch),
        route("POST", "properties/*/batch/archive", V3, properties.archive_batch),
        route("GET", "properties/*", V3, properties.list),
        route("POST", "properties/*", V3, properties.create),
        route("GET", "properties/*/*", V3, properties.get),
        route("PATCH", "properties/*/*", V3, properties.update),
        route("DELETE", "properties/*/*", V3, properties.archive),
        route("GET", "property-validations/*", V3, validations.list),
        route("GET", "property-validations/*/*", V3, validations.of_property),
        route("GET", "property-validations/*/*/rule-type/*", V3, validations.get),
        route("PUT", "property-validations/*/*/rule-type/*", V3, validations.put),
    ]


def pipelines(pipelines: Pipelines) -> list[Route]:
    return [
        route("GET", "pipelines/*", V3, pipelines.list),
        route("POST", "pipelines/*", V3, pipelines.create),
        route("GET", "pipelines/*/*", V3, pipelines.get),
        route("PUT", "pipelines/*/*", V3, pipelines.replace),
        route("PATCH", "pipelines/*/*", V3, pipelines.update),
        route("DELETE", "pipelines/*/*", V3, pipelines.delete),
        route("GET", "pipelines/*/*/audit", V3, pipelines.audit),
        route("GET", "pipelines/*/*/stages", V3, pipelines.stages),
        route("POST", "pipelines/*/*/stages", V3, pipelines.create_stage),
        route("GET", "pipelines/*/*/stages/*", V3, pipelines.stage),
        route("PUT", "pipelines/*/*/stages/*", V3, pipelines.replace_stage),
        route("PATCH", "pipelines/*/*/stages/*", V3, pipelines.update_stage),
        route("DELETE", "pipelines/*/*/stages/*", V3, pipelines.delete_stage),
        route("GET", "pipelines/*/*/stages/*/audit", V3, pipelines.stage_audit),
    ]


def schemas(schemas: Schemas) -> list[Route]:
    return [
        route("GET", "schemas", V3, schemas.list),
        route("POST", "schemas", V3, schemas.create),
        route("POST", "schemas/batch/read", V3, schemas.read),
        route("GET", "schemas/*", V3, schemas.get),
        route("PATCH", "schemas/*", V3, schemas.update),
        route("DELETE", "schemas/*", V3, schemas.archive),
        route("POST", "schemas/*/associations", V3, schemas.associate),
        route("DELETE", "schemas/*/associations/*", V3, schemas.dissociate),
    ]


def lists(lists: Lists) -> list[Route]:
    return [
        route("POST", "lists", V3, lists.create),
        route("GET", "lists", V3, lists.several),
        route("POST", "lists/search", V3, lists.search),
        route("GET", "lists/object-type-id/*/name/*", V3, lists.by_name),
        route("GET", "lists/records/*/*/memberships", V3, lists.of_record),
        route("GET", "lists/*", V3, lists.get),
        route("DELETE", "lists/*", V3, lists.delete),
        route("PUT", "lists/*/restore", V3, lists.restore),
        route("PUT", "lists/*/update-list-name", V3, lists.rename),
        route("PUT", "lists/*/update-list-filters", V3, lists.refilter),
        route("GET", "lists/*/memberships", V3, lists.members),
        route("DELETE", "lists/*/memberships", V3, lists.empty),
        route("GET", "lists/*/memberships/join-order", V3, lists.members),
        route("PUT", "lists/*/memberships/add", V3, lists.add),
        route("PUT", "lists/*/memberships/remove", V3, lists.remove),
        route("PUT", "lists/*/memberships/add-and-remove", V3, lists.add_and_remove),
        route("PUT", "lists/*/memberships/add-from/*", V3, lists.add_from),
    ]


def portal(account: Account, owners: Owners, quotas: Quotas) -> list[Route]:
    return [
        route("GET", "owners", V3, owners.list),
        route("GET", "owners/*", V3, owners.get),
        route("GET", "limits/custom-properties", V3, quotas.properties),
        route("GET", "limits/custom-object-types", V3, quotas.object_types),
        route("GET", "limits/records", V3, quotas.records),
        route("GET", "limits/pipelines", V3, quotas.pipelines),
        route("GET", "limits/associations/labels", V3, quotas.labels),
        route("GET", "limits/associations/records/*/*", V3, quotas.links),
        route("GET", "account-info/details", V3, account.details),
        route("GET", "account-info/api-usage/daily", V3, account.usage),
        route("GET", "account-info/api-usage/daily/private-apps", V3, account.usage),
        route("GET", "integrations/me", "v1", account.me, dated=False),
        route("GET", "integrations/limit/daily", "v1", account.daily, dated=False),
    ]


def webhooks(webhooks: Webhooks) -> list[Route]:
    return [
        route("GET", "webhooks/*/settings", V3, webhooks.settings),
        route("PUT", "webhooks/*/settings", V3, webhooks.configure),
        route("DELETE", "webhooks/*/settings", V3, webhooks.clear),
        route("GET", "webhooks/*/subscriptions", V3, webhooks.list),
        route("POST", "webhooks/*/subscriptions", V3, webhooks.create),
        route("POST", "webhooks/*/subscriptions/batch/update", V3, webhooks.update_batch),
        route("GET", "webhooks/*/subscriptions/*", V3, webhooks.get),
        route("PATCH", "webhooks/*/subscriptions/*", V3, webhooks.update),
        route("DELETE", "webhooks/*/subscriptions/*", V3, webhooks.delete),
    ]


def oauth(tokens: Tokens) -> list[Route]:
    return [
        route("GET", "oauth/authorize", "", tokens.authorize, dated=False),
        route("POST", "oauth/token", "v1 v3", tokens.grant),
        route("POST", "oauth/token/introspect", V3, tokens.introspect),
        route("POST", "oauth/token/revoke", V3, tokens.revoke),
        route("GET", "oauth/access-tokens/*", "v1", tokens.about, dated=False),
        route("GET", "oauth/refresh-tokens/*", "v1", tokens.about_refresh, dated=False),
        route("DELETE", "oauth/refresh-tokens/*", "v1", tokens.revoke_refresh, dated=False),
        route("POST", "oauth/private-apps/get/access-token-info", "v2", tokens.about_static, dated=False),
    ]
