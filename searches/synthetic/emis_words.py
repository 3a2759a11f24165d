"""The words EMIS uses for what the model knows: kinds of patient, modes of contact, what became of an appointment."""

from __future__ import annotations

from typing import Final

from searches.synthetic.deliveries import FULL
from searches.synthetic.model import (
    APPLIED,
    DUMMY,
    GMS,
    IMMEDIATELY_NECESSARY,
    NO_KIND,
    OTHER_SERVICES,
    PRIVATE,
    TEMPORARY,
    WALK_IN,
)

_TYPES: Final = {
    TEMPORARY: "Temporary",
    PRIVATE: "Private",
    IMMEDIATELY_NECESSARY: "Immediately Necessary",
    OTHER_SERVICES: "Contraceptive Services",
    APPLIED: "Pre Registration",
    WALK_IN: "Walk-In Patient",
    DUMMY: "Dummy",
    NO_KIND: "",
}
MODES: Final = {
    "face_to_face": "Face to face",
    "telephone": "Telephone",
    "video": "Video",
    "home_visit": "Home visit",
    "other": "Other",
}
ROLES: Final = {"gp": 1, "nurse": 2, "other": 3}


def flag(value: bool, delivery: int) -> str:
    """Lower case in the first delivery, upper case afterwards: both are seen."""
    if delivery == FULL:
        return "true" if value else "false"
    return "TRUE" if value else "FALSE"


def patient_type(kind: str, n: int) -> str:
    """How EMIS words a kind of registration; now and then with spaces before it, or as GMS."""
    if kind != GMS:
        return _TYPES[kind]
    return "  Regular" if n % 7 == 3 else "GMS" if n % 29 == 4 else "Regular"


def times(status: str, n: int) -> tuple[str, str, str]:
    """Time sent in, time left, and the word for it, which older versions of the extract lack."""
    word = n % 3 == 0
    match status:
        case "dna":
            return "", "", "DNA" if word else ""
        case "completed":
            return ("09:12:00" if n % 2 else ""), "09:25:00", "Left" if word else ""
        case "arrived":
            return "09:12:00", "", "Arrived" if word else ""
        case "walked_out":
            return "09:12:00", "", "Walked Out" if word else ""
        case "in_progress":
            return "09:12:00", "", ""
        case _:
            return "", "", ""
