"""The Metadata API: zeep speaks SOAP by the WSDL that comes with simple-salesforce, over our own session.

The library's own calls drop what Salesforce says of each component, so its service is asked directly. readMetadata and
upsertMetadata may be sent twice without harm; deleteMetadata may not. All take at most ten components of one kind
(vendor: CRUD-based metadata calls).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cs_connector.errors import AuthFailed, NotPermitted, Unavailable
from cs_connector.transport import Transport, redact

MOST = 10
_NO_SETUP = "Salesforce does not let the user of this connection see or change Setup"
_RIGHT = (
    "give it Modify Metadata Through Metadata API Functions by a permission set, or let an admin deploy the source package:"
    " docs/salesforce-package.md"
)
_SPACE = "{http://soap.sforce.com/2006/04/metadata}"


@dataclass(frozen=True, slots=True)
class Result:
    """What Salesforce says of one component; without a code it was done."""

    created: bool = False
    code: str = ""
    message: str = ""


class MetadataApi:
    """`address` is that of the API, `token` and `renew` those of the login."""

    def __init__(
        self,
        session: Transport,
        address: Callable[[], str],
        token: Callable[[], str],
        renew: Callable[[], None],
    ) -> None:
        self._session, self._address, self._token, self._renew = session, address, token, renew

    def read(self, kind: str, names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Components that are there, by name in lower case."""
        answer = self._call(
            lambda service, header: service.readMetadata(kind, list(names), _soapheaders=header)
        )
        found = [_plain(one) for one in answer or ()]
        return {str(one["fullName"]).lower(): one for one in found if one and one.get("fullName")}

    def upsert(self, kind: str, components: Mapping[str, Mapping[str, Any]]) -> Sequence[Result]:
        """One result a component, in order."""
        made = self._client.get_type(_SPACE + kind)
        given = [made(fullName=name, **body) for name, body in components.items()]
        answer = self._call(lambda service, header: service.upsertMetadata(given, _soapheaders=header))
        return _results(answer, list(components))

    def delete(self, kind: str, names: Sequence[str]) -> Sequence[Result]:
        """One result a component, in order."""
        answer = self._call(
            lambda service, header: service.deleteMetadata(kind, list(names), _soapheaders=header), safe=False
        )
        return _results(answer, names)

    def _call(self, ask: Callable[[Any, Any], Any], *, safe: bool = True) -> Any:
        """The session is in the envelope, out of reach of the transport: an ended one is renewed here."""
        try:
            return self._ask(ask, safe=safe)
        except AuthFailed:
            self._renew()
            return self._ask(ask, safe=safe)

    def _ask(self, ask: Callable[[Any, Any], Any], *, safe: bool) -> Any:
        from zeep.exceptions import Error

        header = self._client.get_element(f"{_SPACE}SessionHeader")(sessionId=self._token())
        try:
            with self._session.safe() if safe else nullcontext():
                return ask(self._service, [header])
        except NotPermitted as error:
            raise NotPermitted(
                _NO_SETUP, why=error.why, safe="this call changed nothing", fix=_RIGHT
            ) from error
        except Error as error:
            why = redact(str(error))
            raise Unavailable("Salesforce's Metadata API sent something unexpected", why=why) from error

    @cached_property
    def _service(self) -> Any:
        return self._client.create_service(f"{_SPACE}MetadataBinding", self._address())

    @cached_property
    def _client(self) -> Any:
        import simple_salesforce
        import zeep

        client: Any = zeep.Client
        wsdl = (Path(simple_salesforce.__file__).parent / "metadata.wsdl").as_uri()
        made = client(wsdl, settings=zeep.Settings(strict=False, xsd_ignore_sequence_order=True))
        made.transport.session = self._session  # only now: the WSDL was read from disk
        return made


def _plain(component: Any) -> Mapping[str, Any]:
    from zeep import helpers

    serialize: Any = helpers.serialize_object
    found: Mapping[str, Any] = serialize(component, dict) or {}
    return found


def _results(answer: Any, names: Sequence[str]) -> Sequence[Result]:
    """In the order of the names, by the name that each bears; by its place where one bears none."""
    given = list(answer or ())
    named = {str(one.fullName): one for one in given}
    if set(named) == set(names):
        given = [named[name] for name in names]
    if len(given) != len(names):
        raise Unavailable(
            "Salesforce answered fewer components than were sent", why=f"{len(given)} of {len(names)}"
        )
    return [_result(one) for one in given]


def _result(one: Any) -> Result:
    if one.success:
        return Result(created=bool(getattr(one, "created", False)))
    errors = list(one.errors or ())
    code = str(errors[0].statusCode) if errors else "UNKNOWN_EXCEPTION"
    return Result(code=code, message=redact("; ".join(str(error.message) for error in errors)))
