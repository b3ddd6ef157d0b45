"""The partner API over SOAP, as far as clients use it beside REST: who am I, the time, merging and the recycle bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import RecordError
from ..ids import make_id
from ..state import State
from ..times import stamp
from ..writing.people import has_people
from .soap import Fault, Way
from .soap_xml import NIL, Call, Part

LAST_WITH_LOGIN = 64
MOST_MERGES, MOST_RECORDS = 10, 200
PLAIN = frozenset({"type", "Id"})
NO_MERGE = "INVALID_TYPE_FOR_OPERATION"


class Partner:
    """The service behind /services/Soap/u."""

    def __init__(self, state: State, identity: Mapping[str, Any]) -> None:
        self._state, self._identity = state, identity
        self.open: Mapping[str, Callable[[Call, int], Any]] = {"login": _login}
        self.ways: Mapping[str, Way] = {
            "getUserInfo": lambda _: self._user(),
            "getServerTimestamp": lambda _: {"timestamp": f"{stamp(state.now())[:-5]}Z"},
            "merge": lambda call: [self._merged(p) for p in _some(_requests(call), MOST_MERGES)],
            "undelete": lambda call: self._each(call, state.writer.undelete),
            "emptyRecycleBin": lambda call: self._each(call, state.writer.purge),
        }

    def _user(self) -> Any:
        user = self._identity
        return {
            "accessibilityMode": False, "chatterExternal": False, "currencySymbol": NIL,
            "orgAttachmentFileSizeLimit": 26214400, "orgDefaultCurrencyIsoCode": "USD",
            "orgDefaultCurrencyLocale": "en_US", "orgDisallowHtmlAttachments": False,
            "orgHasPersonAccounts": has_people(self._state.schema.objects["account"]),
            "organizationId": user["organization_id"],
            "organizationMultiCurrency": "currencytype" in self._state.schema.objects,
            "organizationName": "Sandbox Company", "profileId": make_id("00e", 1), "roleId": NIL,
            "sessionSecondsValid": 7200, "userDefaultCurrencyIsoCode": NIL, "userEmail": user["email"],
            "userFullName": user["name"], "userId": user["user_id"], "userLanguage": "en_US", "userLocale": "en_US",
            "userName": user["preferred_username"], "userTimeZone": "UTC", "userType": "Standard",
            "userUiSkin": "Theme3",
        }  # fmt: skip

    def _merged(self, part: Part) -> Any:
        master = part.part("masterRecord")
        if master is None:
            raise Fault("INVALID_ARGUMENT", "masterRecord is required")
        if master.text("type") is None:
            raise Fault(
                "INVALID_TYPE",
                "Missing entity type information. sObject requires a separate 'type' field be sent.",
            )
        fields = {p.name: None if p.nil else p.value for p in master if p.name not in PLAIN}
        fields |= {p.value: None for p in master.parts("fieldsToNull")}
        fields.pop("fieldsToNull", None)
        losers = part.texts("recordToMergeIds")
        try:
            done = self._state.writer.merge(
                master.text("type") or "", master.text("Id") or "", losers, fields
            )
        except RecordError as bad:
            self._state.writer.rollback()
            if bad.code == NO_MERGE:
                raise Fault(bad.code, bad.message) from None
            return {"errors": _error(bad), "id": NIL, "success": False}
        self._state.writer.commit()
        return {
            "id": master.text("Id"), "mergedRecordIds": list(done.losers), "success": True,
            "updatedRelatedIds": list(done.related),
        }  # fmt: skip

    def _each(self, call: Call, act: Callable[[str], None]) -> Any:
        return [self._one(record_id, act) for record_id in _some(call.body.texts("ids"), MOST_RECORDS)]

    def _one(self, record_id: str, act: Callable[[str], None]) -> Any:
        try:
            act(record_id)
        except RecordError as bad:
            self._state.writer.rollback()
            return {"errors": _error(bad), "id": NIL, "success": False}
        self._state.writer.commit()
        return {"id": record_id, "success": True}


def _login(_call: Call, version: int) -> Any:
    """Never lets anybody in: the call is gone from 65.0 on and off in every new org before."""
    if version > LAST_WITH_LOGIN:
        raise Fault(
            "UNSUPPORTED_API_VERSION",
            f"SOAP API login() is not available in API version {version}.0. Log in with OAuth.",
        )
    raise Fault(
        "INVALID_OPERATION",
        "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login().",
    )


def _requests(call: Call) -> list[Part]:
    """The WSDL calls each one `request`; jsforce sends `mergeRequests`, which Salesforce takes too."""
    return [part for part in call.body if not part.nil]


def _error(bad: RecordError) -> Mapping[str, Any]:
    return {"fields": bad.fields, "message": bad.message, "statusCode": bad.code}


def _some(given: list[Any], most: int) -> list[Any]:
    if not given:
        raise Fault("INVALID_ARGUMENT", "An element of the call is missing, or bears another name.")
    if len(given) > most:
        raise Fault(
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {most} records in this operation",
        )
    return given
