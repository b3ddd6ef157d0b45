"""What a real org answers and this one does not: each says so with 501 and a sentence, never with a wrong success."""

from __future__ import annotations

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json
from .errors import ApiError, not_found, unsimulated

# Below /services/data/vXX.X.
RESOURCES = {
    "actions": "Invocable actions", "analytics": "Reports and dashboards", "answers": "Answers",
    "appMenu": "The app menu", "async-queries": "Async SOQL", "asyncjobs": "Asynchronous jobs",
    "asyncspecs": "Asynchronous specifications", "chatter": "Chatter", "cms": "The CMS", "commerce": "Commerce",
    "communities": "Experience Cloud", "compactLayouts": "The list of compact layouts",
    "connect": "The Connect API", "consent": "Consent", "contact-tracing": "Contact tracing",
    "contacts-app": "Contacts of the mobile app", "domino": "Domino", "dedupe": "Duplicate jobs",
    "duplicates": "Duplicate jobs", "eclair": "Charts", "einstein": "Einstein", "emailConnect": "E-mail connect",
    "event": "Platform events", "eventSchema": "The schema of platform events", "financialservices": "Financial Services", "flexipage": "Lightning pages", "folders": "Folders", "graphql": "GraphQL",
    "health-cloud": "Health Cloud", "iot": "IoT", "jsonxform": "JSON transformation",
    "knowledgeManagement": "Knowledge", "licensing": "Licensing", "localizedvalue": "Localized values",
    "metadata": "Deployment by the REST Metadata API", "mobile": "Mobile", "named-query": "Named queries",
    "nouns": "Nouns", "parameterizedSearch": "Search", "payments": "Payments", "prechatForms": "Pre-chat forms",
    "process": "Approval processes and process rules", "quickActions": "Quick actions",
    "recent": "Recently viewed records", "scheduling": "Scheduling", "search": "Search",
    "serviceTemplates": "Service templates", "smartdatadiscovery": "Einstein Discovery",
    "support": "Support: knowledge articles and data categories", "tabs": "The list of tabs",
    "theme": "Themes", "ui-api": "The User Interface API", "wave": "CRM Analytics",
    "apexrest": "Apex REST",
}  # fmt: skip
# Below /services.
SERVICES = {
    "apexrest": "Apex REST", "apexexecute": "Anonymous Apex", "proxy": "The Ajax proxy",
    "iot": "IoT", "authcallback": "Single sign-on", "mdt": "Metadata type services",
}  # fmt: skip
ELSEWHERE = {
    "cometd": "The streaming API", "event": "Event streaming by Pub/Sub", "secur": "The pages of the log-in",
    "setup": "Setup pages", "lightning": "Lightning pages", "visualforce": "Visualforce pages",
}  # fmt: skip
JOBS = {"analytics": "Analytics jobs", "dataexport": "Data exports"}
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
BULK_1 = "Bulk API 1 is not simulated; use Bulk API 2.0."


def no_resource(rest: list[str]) -> ApiError:
    """501 for a resource that a real org has below a version, 404 for all else."""
    name = rest[0] if rest else ""
    if name == "jobs":
        return _known(JOBS, rest[1] if len(rest) > 1 else "")
    return _known(RESOURCES, name)


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
    found = next((what for known, what in table.items() if known.lower() == name.lower()), None)
    return unsimulated(found) if found else not_found()
