"""Loaded by the Python of a tap: requests to a vendor's host go to the simulator that CONFORMANCE_ROUTES names for it.

The taps have their hosts written in, and are not changed. Any other host is refused.
"""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter

ROUTES = json.loads(os.environ.get("CONFORMANCE_ROUTES", "{}"))
send = HTTPAdapter.send


def routed(adapter, request, *args, **more):
    asked = request.url
    url = urlsplit(asked)
    base = urlsplit(ROUTES[url.netloc])
    request.url = urlunsplit((base.scheme, base.netloc, url.path, url.query, ""))
    try:
        answer = send(adapter, request, *args, **more)
    finally:
        request.url = asked
    answer.url = asked
    return answer


HTTPAdapter.send = routed
