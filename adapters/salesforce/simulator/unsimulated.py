"""What a real org answers and this one does not: each says so with 501 and a sentence, never with a wrong success."""

from __future__ import annotations

from collections.abc import Mapping

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json
from .errors import ApiError, not_found, unsimulated

# Below /services/data/vXX.X.
RESOURCES = {
    "actions": "The API for invocable actions", "analytics": "The API for reports and dashboards",
    "appMenu": "The app menu", "async-queries": "Async SOQL", "asyncjobs": "The API for asynchronous jobs",
    "chatter": "Chatter", "cms": "The CMS", "commerce": "Commerce", "communities": "Experience Cloud",
    "compactLayouts": "The list of compact layouts", "connect": "The Connect API", "consent": "The Consent API",
    "contact-tracing": "Contact tracing", "dedupe": "The API for duplicate jobs", "domino": "Domino",
    "eclair": "The API for charts", "einstein": "Einstein", "emailConnect": "The e-mail connection",
    "event": "The API for platform events", "eventSchema": "The schema of a platform event",
    "financialservices": "Financial Services", "fingerprint": "The fingerprint of the org",
    "folders": "The API for folders", "graphql": "GraphQL", "health-cloud": "Health Cloud", "iot": "IoT",
    "jsonxform": "JSON transformation", "knowledgeManagement": "Knowledge", "licensing": "Licensing",
    "localizedvalue": "The API for localized values", "match": "The API for matching rules",
    "metadata": "Deployment by the REST Metadata API", "mobile": "The API of the mobile app",
    "named-query": "The API for named queries", "nouns": "The list of nouns", "parameterizedSearch": "Search",
    "payments": "The Payments API", "prechatForms": "The API for pre-chat forms",
    "process": "The API for approval processes and process rules", "quickActions": "The list of quick actions",
    "recent": "The list of recently viewed records", "scheduling": "Scheduling", "search": "Search",
    "serviceTemplates": "The list of service templates", "smartdatadiscovery": "Einstein Discovery",
    "support": "The API for knowledge articles and data categories", "tabs": "The list of tabs",
    "theme": "The list of icons and colours", "ui-api": "The User Interface API", "wave": "CRM Analytics",
}  # fmt: skip
# Below /services.
SERVICES = {
    "apexrest": "Apex REST", "apexexecute": "Anonymous Apex", "proxy": "The Ajax proxy", "iot": "IoT",
    "authcallback": "Single sign-on",
}  # fmt: skip
ELSEWHERE = {
    "cometd": "The Streaming API", "event": "The Pub/Sub API", "secur": "A page of the log-in",
    "setup": "A page of the set-up", "lightning": "A Lightning page", "visualforce": "A Visualforce page",
}  # fmt: skip
JOBS = {"analytics": "An analytics job", "dataexport": "A data export"}
# Below /sobjects, below an object there, and below a record.
SOBJECTS = {"relevantItems": "The list of relevant items"}
OF_OBJECTS = {
    "quickActions": "A list of quick actions", "listviews": "A list view", "defaultValues": "A list of default values",
    "suggestedArticles": "A list of suggested articles",
}  # fmt: skip
LAYOUT = "A layout of an object"  # all that is below describe
OF_RECORDS = {
    "richTextImageFields": "A rich text image", "password": "The password of a user",
    "suggestedArticles": "A list of suggested articles",
}  # fmt: skip
RESULT_PAGES = "Parallel download of the results of a query job"  # below such a job
TOOLING = "This part of the Tooling API"  # all but queries of EntityDefinition and FieldDefinition
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
BULK_1 = "Bulk API 1 is not simulated; use Bulk API 2.0."


def no_resource(rest: list[str]) -> ApiError:
    """501 for a resource that a real org has below a version, 404 for all else."""
    name = rest[0] if rest else ""
    if name == "jobs":
        return _known(JOBS, rest[1] if len(rest) > 1 else "")
    return _known(RESOURCES, name)


def refuse(table: Mapping[str, str], name: str) -> None:
    """Raises ApiError 501 for what is in the table."""
    found = _told(table, name)
    if found:
        raise unsimulated(found)


def no_service(parts: list[str]) -> ApiError:
    """501 for what a real org has outside /services/data, 404 for all else."""
    if parts[:1] == ["services"]:
        return _known(SERVICES, parts[1] if len(parts) > 1 else "")
    return _known(ELSEWHERE, parts[0] if parts else "")


def no_bulk_1(request: Request) -> Response:
    """501 in the form of Bulk API 1: XML, or JSON for those who speak it."""
    asked = request.headers.get("accept", "") + request.headers.get("content-type", "")
    if "json" in asked:
        return as_json({"exceptionCode": "FeatureNotEnabled", "exceptionMessage": BULK_1}, 501)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><error xmlns="{NAMESPACE}">'
        f"<exceptionCode>FeatureNotEnabled</exceptionCode><exceptionMessage>{BULK_1}</exceptionMessage></error>"
    )
    return Response(501, body.encode(), {"Content-Type": "application/xml"})


def _known(table: dict[str, str], name: str) -> ApiError:
    found = _told(table, name)
    return unsimulated(found) if found else not_found()


def _told(table: Mapping[str, str], name: str) -> str | None:
    wanted = name.lower()
    return next((what for known, what in table.items() if known.lower() == wanted), None)
