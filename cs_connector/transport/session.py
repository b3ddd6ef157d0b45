"""The one way out: a requests session that a vendor's client library can be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, SSLError
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from urllib3 import Timeout

from cs_connector.errors import AdapterError, ConfigError, Unavailable
from cs_connector.ports import Bucket, Clock, Meter, Usage

from .answered import PACKED
from .body import Budget, TooSlow, read_body
from .manner import Block, Expected, manner
from .preparing import Lists
from .retry import Failure, Policy, from_exception, from_response
from .routing import Router, check_host, is_loopback, origin

CONNECT, READ, DEADLINE, HOPS = 10.0, 60.0, 120.0, 5
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NEVER_PLAIN = frozenset({401, 429})


class Transport(requests.Session):
    """A hardened session for one connection.

    `hosts` are patterns such as *.salesforce.com. `base` (http://127.0.0.1:PORT) takes the vendor's place.
    `authorize` puts the login on a request just before it goes out. `classify` reads the vendor's error
    bodies: what it returns is raised; for None the status decides, and 2xx–4xx answers are handed back.
    `ca_file` (PEM) is the authority to trust in place of those of this machine.
    `renew` makes a new login after a 401. `quota` reads (limit, left) from an answer, None if not there.
    `meter` knows what other processes use of the same allowance.
    An answer is `doubtful` when a try before it may have been obeyed and was not answered.
    Raises AdapterError and its kinds, and ConfigError for a host that is not allowed.
    """

    authorized = True  # zenpy then leaves the login to us

    def __init__(
        self,
        *,
        connection: str,
        hosts: Sequence[str],
        clock: Clock,
        base: str | None = None,
        authorize: Callable[[PreparedRequest], None] | None = None,
        classify: Callable[[Response], AdapterError | None] | None = None,
        renew: Callable[[], None] | None = None,
        quota: Callable[[Response], tuple[int, int] | None] | None = None,
        limiter: Bucket | None = None,
        meter: Meter | None = None,
        policy: Policy | None = None,
        deadline: float = DEADLINE,
        ca_file: Path | None = None,
    ) -> None:
        super().__init__()
        self.connection, self.hosts, self.clock, self.deadline = connection, tuple(hosts), clock, deadline
        self.authorize, self.classify, self.renew, self.quota = authorize, classify, renew, quota
        self.limiter, self.meter, self.policy = limiter, meter, policy or Policy()
        self._ca_file = None if ca_file is None else str(_readable(ca_file, connection))
        self._calls = 0
        self._limit: int | None = None
        self._left: int | None = None
        self._dated: str | None = None
        self._dated_at: datetime | None = None
        self._lists = Lists(self.prepare_request, self.headers)
        self._environment: dict[str, Any] = {}
        self.headers["Accept-Encoding"] = PACKED
        self.auth = _unchanged  # otherwise requests takes logins from ~/.netrc
        for scheme in ("https://", "http://"):
            self.mount(scheme, Router(base))

    @property
    def usage(self) -> Usage:
        """Calls sent by this session, and the vendor's allowance as last heard."""
        return Usage(self._calls, self._limit, self._left, self._skew())

    def safe(self) -> Block:
        """Requests in this block may be sent twice without harm (an upsert by key)."""
        return Block("safe")

    def bare(self) -> Block:
        """Requests in this block carry no login and do not renew it (the login itself)."""
        return Block("bare")

    def plain(self) -> Block:
        """What the CRM refuses in this block is an answer; only an ended login and a pause are seen to."""
        return Block("plain")

    def expecting(self, parse: Callable[[bytes], Any]) -> Expected:
        """JSON bodies in this block are parsed by this, which gives what was found; see Expected."""
        return Expected(parse)

    def page(
        self,
        address: str,
        query: Mapping[str, str | int | None],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A GET of one page of a list: as `get`, at half its cost. `address` has no query of its own beside another; a None is left out."""
        request = self._lists.page(address, query, headers)
        return self.send(request, **self.merge_environment_settings(request.url, {}, None, None, None))

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send, try again where that is right, follow redirects, and read the whole body."""
        if "proxies" not in kwargs:
            kwargs |= self.merge_environment_settings(request.url, {}, None, None, None)
        response = self._patiently(request, kwargs, bare=manner().bare)
        if not kwargs.get("allow_redirects", True):
            return response
        for _ in range(HOPS):
            onward = self._onward(response)
            if onward is None:
                return response
            response = self._follow(response.request, onward, kwargs)
        raise Unavailable(f"{self.connection} is redirected in circles", why=f"more than {HOPS} redirects")

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Called by requests for every call: what the environment says of a host does not change in a run."""
        if proxies or any(setting is not None for setting in (stream, verify, cert)):
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        host = origin(url)
        if host not in self._environment:
            self._environment[host] = super().merge_environment_settings(url, {}, None, None, None)
        return self._environment[host]

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Called by requests for a redirect: another host never sees the login."""
        if self.should_strip_auth(  # type: ignore[no-untyped-call]
            response.request.url or "", prepared_request.url or ""
        ):
            prepared_request.headers.pop("Authorization", None)

    def get_redirect_target(self, resp: Response) -> str | None:
        """Called by requests, which would read the body without a deadline: nothing before we have read it."""
        if not getattr(resp, "_content_consumed", False):
            return None
        return super().get_redirect_target(resp)

    def _onward(self, response: Response) -> PreparedRequest | None:
        """The request that a redirect asks for; only reads are ever sent on. Raises Unavailable for another."""
        if not response.is_redirect:
            return None
        if response.request.method not in _SAFE_METHODS:
            raise Unavailable(
                f"{self.connection} has moved",
                why=f"it sends on to {origin(response.headers['Location'])}, and only reads are ever sent on",
                fix="if that is right, put the new address into the connection in cs-connector.yml",
            )
        moves = self.resolve_redirects(response, response.request, yield_requests=True)
        return next(moves, None)

    def _follow(self, came: PreparedRequest, onward: PreparedRequest, kwargs: dict[str, Any]) -> Response:
        stranger = _host(onward) != _host(came)
        if stranger and is_loopback(onward.url or ""):
            raise Unavailable(f"{self.connection} is redirected to this machine", fix="check the address")
        return self._patiently(onward, kwargs, bare=stranger)

    def _patiently(self, request: PreparedRequest, kwargs: dict[str, Any], *, bare: bool) -> Response:
        check_host(request.url or "", self.hosts, self.connection)
        safe = request.method in _SAFE_METHODS or manner().safe
        budget, renewable = Budget(self.deadline), self.renew is not None and not bare
        untouched = True
        for attempt in count(1):
            try:
                outcome = self._once(request, kwargs, budget, bare=bare)
            except AdapterError as error:  # of the login or the meter: this try did not go out
                error.unsent = untouched
                raise
            if isinstance(outcome, Response):
                outcome.doubtful = not untouched  # type: ignore[attr-defined]
                return outcome
            if outcome.expired and renewable:
                renewable = False
                self._renewed()
                continue
            untouched = untouched and outcome.unsent
            pause = self.policy.pause(outcome, attempt, safe=safe)
            if self.meter and outcome.wait:
                self.meter.pause(outcome.wait)
            if pause is None:
                outcome.error.unsent = untouched
                raise outcome.error
            self.clock.sleep(pause)
        raise AssertionError("the policy ends every loop")

    def _renewed(self) -> None:
        assert self.renew is not None
        with self.bare():
            self.renew()

    def _once(
        self, request: PreparedRequest, kwargs: dict[str, Any], budget: Budget, *, bare: bool
    ) -> Response | Failure:
        if self.authorize and not bare:
            with self.bare():
                self.authorize(request)
        if self.meter and not bare:
            self.meter.ready()
        if self.limiter:
            self.limiter.take()
        budget.start()
        try:
            response = self._exchange(request, kwargs, budget)
        except requests.RequestException as error:
            return from_exception(error, _host(request))
        except Unavailable as error:
            return Failure(error)
        finally:
            budget.stop()
        self._note(response)
        if manner().plain and response.status_code not in _NEVER_PLAIN and response.status_code < 500:
            return response
        known = self.classify(response) if self.classify and not response.ok else None
        return from_response(response, known, self.clock) or response

    def _exchange(self, request: PreparedRequest, kwargs: dict[str, Any], budget: Budget) -> Response:
        left = budget.left
        if left <= 0:
            raise TooSlow("The CRM took too long", why=f"{budget.seconds:g} seconds over all tries")
        self._calls += 1
        # Not through Session.send: cookies, hooks and redirects are not for this loop.
        response = self.get_adapter(request.url or "").send(
            request,
            stream=True,
            timeout=Timeout(total=left, connect=min(CONNECT, left), read=min(READ, left)),  # type: ignore[arg-type]
            verify=self._ca_file or kwargs.get("verify", True),
            cert=kwargs.get("cert"),
            proxies=kwargs.get("proxies"),
        )
        read_body(response, budget)
        return response

    def _skew(self) -> float | None:
        theirs = _dated(self._dated or "")
        return (theirs - self._dated_at).total_seconds() if theirs and self._dated_at else None

    def _note(self, response: Response) -> None:
        if dated := response.headers.get("Date"):
            self._dated, self._dated_at = dated, self.clock.now()
        if self.quota and (seen := self.quota(response)):
            self._limit, self._left = seen
            if self.meter:
                self.meter.heard(*seen)


def _readable(ca_file: Path, connection: str) -> Path:
    """Raises ConfigError for a file that is not there, cannot be read, or holds no certificate."""
    trouble = "does not exist"
    if ca_file.is_file():
        try:
            SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
        except OSError as error:  # as all of ssl's are
            trouble = "holds no certificate" if isinstance(error, SSLError) else "cannot be read"
        else:
            return ca_file
    raise ConfigError(
        f"the ca_file of {connection} {trouble}",
        why=f"looked for {ca_file}",
        safe="nothing was sent",
        fix="correct ca_file in cs-connector.yml (certificates in PEM), or leave it out to trust what this machine trusts",
    )


@lru_cache(8)  # many pages come in one second
def _dated(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request


def _host(request: PreparedRequest) -> str:
    return urlsplit(request.url or "").netloc
