"""Taking back what a run wrote."""

from .back import Left as Left
from .back import Written as Written
from .back import plan as plan
from .back import together as together
from .world import Current as Current
from .world import Place as Place
from .world import Rule as Rule
from .world import Where as Where
from .world import World as World
from .world import look as look
