"""What the hub remembers: practices, agreements, published searches, results, and the record of what happened.

Nothing here holds a patient's record: the smallest thing stored is a count that has already been made safe.
"""

from hub.models.agreements import Agreement, Membership
from hub.models.descriptions import Description
from hub.models.log import Event, Quarantined
from hub.models.practices import Invitation, Practice, StaffMember
from hub.models.results import Figure, Receipt, Result
from hub.models.searches import PublishedSearch

__all__ = [
    "Agreement",
    "Description",
    "Event",
    "Figure",
    "Invitation",
    "Membership",
    "Practice",
    "PublishedSearch",
    "Quarantined",
    "Receipt",
    "Result",
    "StaffMember",
]
