"""Which failures are worth another try, and after how long."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import NewConnectionError

from cs_connector.errors import AdapterError, AuthFailed, NotPermitted, RateLimited, Unavailable
from cs_connector.ports import Clock

from .body import TooSlow
from .redact import redact

_dice = random.SystemRandom()
_REFUSED = frozenset({401, 403, 423, 429})  # no login, no permission, locked, too many: nothing was done


@dataclass(frozen=True, slots=True)
class Failure:
    """One try that failed. `unsent`: the CRM cannot have acted on it. `wait`: what the CRM asked for, seconds."""

    error: AdapterError
    unsent: bool = False
    expired: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`attempts` in all; pauses grow from `first` to at most `cap` seconds; a wait above `longest` is not made."""

    attempts: int = 5
    first: float = 0.5
    cap: float = 30.0
    longest: float = 300.0

    def pause(self, failure: Failure, attempt: int, *, safe: bool) -> float | None:
        """Seconds before the next try; None when the failure is final. `attempt` counts from 1."""
        if attempt >= self.attempts or not _may_repeat(failure, safe=safe):
            return None
        jitter = _dice.uniform(0.1, 1.0) * min(self.cap, self.first * 2.0**attempt)
        if failure.wait is None:
            return jitter
        return failure.wait + min(jitter, 1.0) if failure.wait <= self.longest else None


def _may_repeat(failure: Failure, *, safe: bool) -> bool:
    if isinstance(failure.error, TooSlow):
        return False
    if isinstance(failure.error, RateLimited):
        return True
    return isinstance(failure.error, Unavailable) and (safe or failure.unsent)


def from_exception(error: requests.RequestException, host: str) -> Failure:
    """The failure behind an exception of requests."""
    never_sent = isinstance(error, requests.ConnectTimeout) or _refused(error)
    match error:
        case requests.exceptions.ProxyError():
            return Failure(_proxy(error, host), unsent=True)
        case requests.exceptions.SSLError():
            return Failure(_tls(error, host), unsent=True)
        case requests.exceptions.InvalidHeader():
            text = "A request cannot be sent: there is a line break or a strange letter in its login"
            fix = "correct the credentials of the connection in secrets.env"
            return Failure(AdapterError(text, safe="nothing was sent", fix=fix), unsent=True)
        case requests.Timeout():
            text, why = (
                f"{host} did not answer in time",
                "it may have much to do, or the network between is slow",
            )
        case _ if never_sent:
            text, why = (
                f"{host} cannot be reached",
                "nothing answers at this address, or its name is not known here",
            )
        case _:
            text, why = f"{host} broke the connection", "it ended before the whole answer was there"
    return Failure(Unavailable(text, why=why), unsent=never_sent)


def _proxy(error: requests.RequestException, host: str) -> AdapterError:
    if "407" in str(error):
        return AdapterError(
            f"{host} cannot be reached: the proxy asks for a login",
            safe="nothing was sent",
            fix="put it into HTTPS_PROXY: http://name:password@host:port",
        )
    return Unavailable(f"{host} cannot be reached through the proxy", fix="check HTTPS_PROXY and NO_PROXY")


def _tls(error: requests.RequestException, host: str) -> AdapterError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error) or "doesn't match" in str(error):
        fix = "if your company replaces certificates, name its file in ca_file or REQUESTS_CA_BUNDLE"
        return AdapterError(f"The certificate of {host} is not trusted", safe="nothing was sent", fix=fix)
    return AdapterError(
        f"{host} does not speak TLS as it should",
        why="the encryption could not be agreed on",
        safe="nothing was sent",
        fix="look whether something stands in between, and whether the address is right",
    )


def _refused(error: requests.RequestException) -> bool:
    inner = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", inner), NewConnectionError)


def from_response(response: requests.Response, error: AdapterError | None, clock: Clock) -> Failure | None:
    """The failure that an answer is; None when it is for the caller to read. `error` is the vendor's reading."""
    status = response.status_code
    error = error or by_status(response)
    if error is None:
        return None
    wait = retry_after(response.headers.get("Retry-After"), clock)
    if isinstance(error, RateLimited):
        wait = wait if wait is not None else error.retry_after
        error.asked(wait)
    return Failure(error, unsent=status in _REFUSED or error.unsent, expired=status == 401, wait=wait)


def by_status(response: requests.Response) -> AdapterError | None:
    """What a status means when the vendor's own words say nothing."""
    status = response.status_code
    if status < 400:  # a page is large: nothing reads it as text for no reason
        return None
    said = redact(response.text[:2000])
    if status == 401:
        return AuthFailed(
            "The login was refused",
            why=said,
            fix="check the credentials of the connection, then: cs-connector doctor",
        )
    if status == 403:
        return NotPermitted("The login may not do this", why=said)
    if status == 429:
        return RateLimited("Too many calls", why=said)
    if status >= 500 or status == 408:
        return Unavailable(f"The CRM answered {status}", why=said, fix="try again later")
    return None


def retry_after(header: str | None, clock: Clock) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or an HTTP date; None when it holds neither."""
    text = (header or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - clock.now()).total_seconds())
