"""Putting into the CRMs what people shall see of us there, and taking it out again."""

from .document import document as document
from .making import put as put
from .removing import removal as removal
from .removing import remove as remove
from .surveying import Survey as Survey
from .surveying import missing as missing
from .surveying import survey as survey
