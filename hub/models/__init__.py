"""What the hub remembers: practices, agreements, published searches, results, and the record of what happened.

Nothing here holds a patient's record: the smallest thing stored is a count that has already been made safe.
"""

from hub.models.agreements import Agreement, Membership
from hub.models.descriptions import Description
from hub.models.log import Event, Quarantined
from hub.models.practices import Invitation, Practice, StaffMember
from hub.models.results import Figure, Receipt, Result
from hub.models.searches import PublishedSearch
from hub.models.suspensions import Suspension
from hub.models.tree import LogCheckpoint, LogCosignature, LogHash, LogLeaf, LogSecret

__all__ = [
    "Agreement",
    "Description",
    "Event",
    "Figure",
    "Invitation",
    "LogCheckpoint",
    "LogCosignature",
    "LogHash",
    "LogLeaf",
    "LogSecret",
    "Membership",
    "Practice",
    "PublishedSearch",
    "Quarantined",
    "Receipt",
    "Result",
    "StaffMember",
    "Suspension",
]
