"""docs/reference/agreement-states.md, from the table that the code reads."""

from __future__ import annotations

from governance.lifecycle import ENDED, OFFER_DAYS, TRANSITIONS, Transition


def agreement_states() -> str:
    """The states of an agreement and every way between them."""
    ended = ", ".join(f"`{state}`" for state in sorted(ENDED))
    lines = [
        "# States of an agreement",
        "",
        "What this table does not list is refused, by the hub and by every agent. Up to `proposed` a state belongs",
        "to a version; from `part_signed` on each practice has its own, and none waits for another. The clock is",
        "the latest day ever seen: setting it back revives nothing.",
        "",
        f"An offer is open for {OFFER_DAYS} days. {ended} end a version for good; only a new version follows.",
        "A practice suspends at its own agent, at once and with the hub down; the hub hears of it when it can.",
        "",
        "| from | action | who | to | only if | enforced at |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(one) for one in TRANSITIONS)]) + "\n"


def _row(one: Transition) -> str:
    guards = "; ".join(sorted(one.guards)) or "always"
    return f"| {one.source} | {one.action} | {one.actor} | {one.target} | {guards} | {one.at} |"
