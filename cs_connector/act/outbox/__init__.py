"""Every change is on record before the socket is touched, and its answer after.

Planned → in flight (committed before it is sent) → settled: gone from the outbox, with a receipt and a row of the audit,
in one transaction. What is in flight when a run begins is looked up in the CRM before anything is sent.
"""

from .box import Outbox
from .line import Line, row_key
from .parcels import places, waiting
from .recovery import Found, recover
from .sending import send
from .tally import Tally
from .written import confirm

__all__ = ["Found", "Line", "Outbox", "Tally", "confirm", "places", "recover", "row_key", "send", "waiting"]
