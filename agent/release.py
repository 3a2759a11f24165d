"""From exact answers to what may leave: opt-outs come off, every table is suppressed, one message is made.

Every search that is due stands in the message: one that could not run as a table of `not_run` or `failed` cells with
the reason, so that its absence says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from agent.approval import Due
from agent.history import Memory
from agent.outbox import Place
from agent.sources import Ran
from governance.audited import suppress_audited
from governance.optouts import CountedPeople, take_off
from governance.profiles import Profile, effective, profile, size_band
from governance.restatement import Restatement
from governance.sealing import ResultMessage, Translations
from governance.suppress import Practice, SafeTable, Suppressed, Terms, failed, not_run
from searches.answer import Failed, NotRun
from searches.people import PeopleSets
from searches.search import Search


def count_for_others(one: Due, ran: Ran, memory: Memory) -> Suppressed:
    """The tables of every search that is due, in the order of their ids, why each is as it is, and the new history.

    Raises:
        OptOutsError: it is not known well enough who opted out; nothing may leave.
        DisclosureError: a search has more cells than may leave.
    """
    terms = effective(profile(one.active.agreement.profile), one.own)
    counted = [_counted(one, ran, people) for people in _answers(one, ran)]
    practice = Practice(ran.answers.roster, ran.answers.type1, memory.local_key)
    relaxed = {people.search.id: one.rule(people.search.id) for people in counted}
    made = suppress_audited(counted, Terms(one.active.agreement.id, terms, relaxed), practice, memory.history)
    unanswered = [_unanswered(ran, search, terms) for search in one.permitted if not _is_answered(ran, search)]
    unanswered += [not_run(search, terms, "denied_here") for search in one.denied_here]
    tables = sorted((*made.tables, *unanswered), key=lambda table: table.search_id)
    return replace(made, tables=tuple(tables))


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
        restates=Restatement(one.restates.first.digest, one.restates.reason) if one.restates else None,
    )


def _answers(one: Due, ran: Ran) -> list[PeopleSets]:
    results = (ran.answers.results[search.id] for search in one.permitted)
    return [result for result in results if isinstance(result, PeopleSets)]


def _is_answered(ran: Ran, search: Search) -> bool:
    return isinstance(ran.answers.results[search.id], PeopleSets)


def _counted(one: Due, ran: Ran, people: PeopleSets) -> CountedPeople:
    return take_off(people, ran.answers.type1, ran.delivered_on, one.active.agreement.opt_out_policy)


def _unanswered(ran: Ran, search: Search, terms: Profile) -> SafeTable:
    match ran.answers.results[search.id]:
        case NotRun(reason=reason):
            return not_run(search, terms, reason)
        case Failed(reason=reason):
            return failed(search, terms, reason)
        case _:
            raise TypeError(f"search {search.id} has an answer")


def _list_size(ran: Ran) -> int:
    return len(ran.answers.roster.patient_ids)
