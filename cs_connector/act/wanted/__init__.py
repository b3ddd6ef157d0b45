"""What the CRM should say: one row for each account, relationship and month end, in our own words."""

from .extras import EXTRAS as EXTRAS
from .extras import extend as extend
from .markers import attach as attach
from .markers import mark as mark
from .rows import want as want
