"""From exact answers to what may leave: opt-outs come off, every table is suppressed, one message is made.

Every search that is due stands in the message: one that could not run as a table of `not_run` or `failed` cells with
the reason, so that its absence says nothing.
"""

from __future__ import annotations

from importlib.metadata import version

from agent.approval import Due
from agent.outbox import Place
from agent.sources import Ran
from governance.optouts import take_off
from governance.profiles import Profile, profile, size_band
from governance.sealing import ResultMessage, Translations
from governance.suppress import SafeTable, failed, not_run, suppress
from searches.answer import Failed, NotRun
from searches.people import PeopleSets
from searches.search import Search


def count_for_others(one: Due, ran: Ran) -> tuple[SafeTable, ...]:
    """The tables of every search that is due, in the order of their ids.

    Raises:
        OptOutsError: it is not known well enough who opted out; nothing may leave.
        DisclosureError: a search has more cells than may leave.
    """
    terms = profile(one.active.agreement.profile)
    tables = [_table(one, ran, search, terms) for search in one.permitted]
    tables += [not_run(search, terms, "denied_here") for search in one.denied_here]
    return tuple(sorted(tables, key=lambda table: table.search_id))


def message_of(practice: str, one: Due, ran: Ran, tables: tuple[SafeTable, ...], place: Place) -> ResultMessage:
    """The one message of an agreement and reference date."""
    agreement = one.active.agreement
    return ResultMessage(
        practice=practice,
        agreement_id=agreement.id,
        agreement_version=agreement.version,
        agreement_digest=one.active.digest,
        reference_date=one.reference_date,
        sequence=place.sequence,
        previous=place.previous_digest,
        tables=tables,
        translations=Translations.of(
            ran.answers.receipts, ran.layout, ran.layout_version, ran.engine, ran.engine_version
        ),
        opt_out_policy=agreement.opt_out_policy,
        optouts_as_of=ran.delivered_on,
        delivered_on=ran.delivered_on,
        agent_version=version("gpfed"),
        list_size_band=size_band(_list_size(ran)),
    )


def _table(one: Due, ran: Ran, search: Search, terms: Profile) -> SafeTable:
    match ran.answers.results[search.id]:
        case PeopleSets() as people:
            counted = take_off(people, ran.answers.type1, ran.delivered_on, one.active.agreement.opt_out_policy)
            return suppress(counted, terms, _list_size(ran))
        case NotRun(reason=reason):
            return not_run(search, terms, reason)
        case Failed(reason=reason):
            return failed(search, terms, reason)


def _list_size(ran: Ran) -> int:
    return len(ran.answers.roster.patient_ids)
