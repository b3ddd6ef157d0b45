"""/services/Soap: the Metadata API (m) and what of the partner API (u) and enterprise API (c) is simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from cs_connector.sandbox.wire import Request, Response

from ..digits import whole
from ..errors import ApiError, RecordError
from ..limits import Limits
from ..login.oauth import Login
from .soap_xml import BadXml, Call, answer, fault, read, write

SPACES = {
    "m": "http://soap.sforce.com/2006/04/metadata",
    "u": "urn:partner.soap.sforce.com",
    "c": "urn:enterprise.soap.sforce.com",
}
XML = {"Content-Type": "text/xml; charset=utf-8"}
Way = Callable[[Call], Any]


class Fault(Exception):
    """The whole call is refused; Salesforce answers faults with 500."""

    def __init__(self, code: str, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Service(Protocol):
    """The operations of one SOAP API by name; those of `open` need no session."""

    ways: Mapping[str, Way]
    open: Mapping[str, Callable[[Call, int], Any]]


class Soap:
    """Finds the API and the operation, and checks the session in the envelope."""

    def __init__(
        self, login: Login, limits: Limits, services: Mapping[str, Service], versions: Mapping[int, str]
    ) -> None:
        self._login, self._limits = login, limits
        self._services, self._versions = services, versions

    def handle(self, request: Request, rest: list[str]) -> Response:
        """Answer /services/Soap/<rest>: the letter of the API, the version and perhaps the organization."""
        space = SPACES.get(rest[0] if rest else "", SPACES["u"])
        try:
            body = self._answer(request, rest, space)
        except RecordError as bad:
            return Response(500, fault(space, bad.code, bad.message), dict(XML))
        except (Fault, ApiError) as bad:
            return Response(bad.status, fault(space, bad.code, bad.message), dict(XML))
        return Response(200, body, dict(XML))

    def _answer(self, request: Request, rest: list[str], space: str) -> bytes:
        service = self._services.get(rest[0]) if rest else None
        if service is None or len(rest) < 2:
            raise Fault("UNKNOWN_EXCEPTION", "The SOAP API of this address is not simulated.", 501)
        version = self._version(rest[1])
        if request.method != "POST":
            raise Fault("UNKNOWN_EXCEPTION", f"SOAP calls are posted, not sent by {request.method}", 405)
        try:
            call = read(request.body)
        except BadXml as bad:
            raise Fault("INVALID_SOAP", f"Error parsing the envelope: {bad}") from None
        if call.operation in service.open:
            return answer(space, call.operation, service.open[call.operation](call, version))
        self._check_session(request, call)
        way = service.ways.get(call.operation)
        if way is None:
            raise Fault("UNSUPPORTED_OPERATION", f"{call.operation} of the SOAP API is not simulated.", 501)
        return answer(space, call.operation, way(call), self._spent() if space == SPACES["u"] else "")

    def _spent(self) -> str:
        """The header in which the partner API tells the calls of the day."""
        used = {"current": self._limits.used, "limit": self._limits.daily, "type": "API REQUESTS"}
        return write("soapenv:Header", {"LimitInfoHeader": {"limitInfo": used}})

    def _version(self, text: str) -> int:
        """66 of `66.0`. Raises Fault for a version that is not served."""
        before, _, part = text.partition(".")
        number = whole(before)
        if part != "0" or number is None or number not in self._versions:
            raise Fault("UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {text}")
        return number

    def _check_session(self, request: Request, call: Call) -> None:
        try:
            self._login.check_session(replace(request, headers={"authorization": f"Bearer {call.session}"}))
        except ApiError:
            raise Fault(
                "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session"
            ) from None
        try:
            self._limits.spend()
        except ApiError as bad:
            raise Fault(bad.code, bad.message) from None
