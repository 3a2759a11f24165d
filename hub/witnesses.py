"""Which practices are the witnesses of the log: a file of the catalogue that two of the three targets keys sign.

The hub's server alone can neither add a witness of its own making nor leave one out. A practice that enrols is a
witness from its first poll, and counts from the next publication of this file on: with an agreement, a person of the
staff, or `gpfed-hub log witnesses`.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.keys import SigningKey
from governance.log_policy import POLICY_TARGET, LogPolicy, write_policy
from hub.centre import Centre
from hub.files import write_whole
from hub.log import POLICY_FILE, policy_of_today


def publish_policy(centre: Centre, targets_keys: Sequence[SigningKey]) -> LogPolicy:
    """Publish every enrolled practice as a witness; nothing is signed if nothing has changed.

    Raises:
        PublicationError: too few targets keys signed.
    """
    policy = policy_of_today(centre)
    data, path = write_policy(policy), centre.config.folder / POLICY_FILE
    if not path.exists() or path.read_bytes() != data:
        centre.repository().put_hub_file(POLICY_TARGET, data, targets_keys)
        write_whole(path, data)
    return policy
