"""What we put into a HubSpot portal: properties, their groups, and an object of our own."""

from .face import face as face
from .provisioner import Provisioner as Provisioner
