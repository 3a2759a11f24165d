"""The agreement, enforced at the hub: who may be sent what, and what may be taken in.

An agreement is active for a practice when the hub signed it, the practice accepted exactly that document with its own
key, and it runs today. All three are checked on the signed bytes each time they matter: no column says "active".
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from governance.agreement import ActiveAgreement
from governance.agreement import Agreement as Terms
from governance.cells import ReceivedTable, Shape
from governance.errors import DisclosureError, FormatError, GovernanceError, NotPermittedError, TrustError
from governance.frequency import check_frequency
from governance.keys import VerifyKey
from governance.lifecycle import OPENS, Facts, State, check_may_say, state_of
from governance.profiles import Profile, Relaxation, effective, narrowest, own_part, profile
from governance.sealing import ReceivedResult, check_searches
from governance.suppress import SafeTable, recheck
from governance.terms import Word, activate, read_agreement, read_document
from governance.wire import FIRST, Acceptance, AgreementDecision, PracticeIdentity
from hub.errors import QuarantineError
from hub.models import Agreement, Figure, Membership, Practice, PublishedSearch, Receipt, Result, Suspension
from hub.searches import shape_of


@dataclass(frozen=True, slots=True)
class Permitted:
    """A result that the agreement allows: each table with the published search it answers.

    Args:
        restates: the stored result that it restates, or None.
    """

    agreement: Agreement
    tables: tuple[tuple[PublishedSearch, SafeTable], ...]
    restates: Result | None = None


def identity(practice: Practice) -> PracticeIdentity:
    """An enrolled practice's code and key."""
    return PracticeIdentity(practice.code, VerifyKey.parse(practice.signing_key))


def check_active(practice: Practice, agreement: Agreement, today: date) -> ActiveAgreement:
    """The agreement as it is active for a practice.

    Raises:
        NotPermittedError: it is not; the sentence says why.
    """
    if agreement.superseded_at is not None:
        raise NotPermittedError(f"{agreement} has been superseded")
    if not practice.enrolled:
        raise NotPermittedError(f"practice {practice.code} has not enrolled")
    membership = _word_on(practice, agreement)
    if membership is None:
        raise NotPermittedError(f"practice {practice.code} has not signed {agreement}")
    if membership.decision not in OPENS:
        raise NotPermittedError(f"the last word of practice {practice.code} on {agreement} is {membership.decision}")
    if suspended_by_hub(agreement):
        raise NotPermittedError(f"{agreement} is suspended by the hub")
    try:
        hub_key = VerifyKey.parse(agreement.signed_by)
        signed = read_agreement(bytes(agreement.envelope), hub_key)
        word = Word(bytes(membership.acceptance), bytes(membership.agreement.document))
        return activate(signed, hub_key, word, identity(practice), today)
    except (TrustError, FormatError) as error:
        raise NotPermittedError(f"{agreement} is not signed as it must be: {error.message}") from error


def _word_on(practice: Practice, agreement: Agreement) -> Membership | None:
    """The practice's word on this version, or on the one before it, which holds if this one only narrows it."""
    words = Membership.objects.filter(practice=practice, agreement__agreement_id=agreement.agreement_id)
    versions = (agreement.version, agreement.version - 1)
    return words.filter(agreement__version__in=versions).order_by("-agreement__version").first()


def members(agreement: Agreement, today: date) -> tuple[tuple[Practice, bool], ...]:
    """The practices for which the agreement is active, by code, each with whether it chose to be named."""
    found = []
    for practice in Practice.objects.filter(code__in=agreement.practices).order_by("code"):
        with contextlib.suppress(NotPermittedError):
            found.append((practice, check_active(practice, agreement, today).named))
    return tuple(found)


def suspended_by_hub(agreement: Agreement) -> bool:
    """Whether the hub has suspended an agreement, for everybody, and not resumed it."""
    return Suspension.objects.filter(agreement=agreement, resumed_at=None).exists()


def state_at(practice: Practice | None, agreement: Agreement, today: date) -> State:
    """Where an agreement stands for a practice: worked out from what was signed, never stored."""
    word = Membership.objects.filter(practice=practice, agreement=agreement).first() if practice is not None else None
    return state_of(read_document(bytes(agreement.document)), _facts(agreement, word), today)


def _facts(agreement: Agreement, word: Membership | None) -> Facts:
    return Facts(
        said=AgreementDecision(word.decision) if word is not None else None,
        said_on=word.decided_at.date() if word is not None else None,
        hub_suspended=suspended_by_hub(agreement),
        next_in_force=agreement.superseded_at is not None,
    )


def is_active(practice: Practice, agreement: Agreement, today: date) -> bool:
    """Whether the agreement is active for the practice today."""
    try:
        check_active(practice, agreement, today)
    except NotPermittedError:
        return False
    return True


def standing(agreement: Agreement, today: date) -> Mapping[str, str]:
    """For every practice that the agreement names: the empty string if it is active for it, otherwise why not."""
    known = {practice.code: practice for practice in Practice.objects.filter(code__in=agreement.practices)}
    return {code: _why_not(known.get(code), agreement, today) for code in sorted(agreement.practices)}


def active_practices(agreement: Agreement, today: date) -> tuple[Practice, ...]:
    """The practices for which the agreement is active, by code."""
    active = [code for code, why_not in standing(agreement, today).items() if not why_not]
    return tuple(Practice.objects.filter(code__in=active))


def permit_acceptance(practice: Practice, acceptance: Acceptance, today: date) -> Agreement:
    """The agreement that a practice speaks about.

    Raises:
        QuarantineError: it is for another practice, about a document that the hub does not offer to it, or a word after
            which searches would run that the agreement's state has no way for.
    """
    if acceptance.practice != practice.code:
        raise QuarantineError(f"the acceptance is by {acceptance.practice}", "not_signed_by_practice")
    agreement = _spoken_of(acceptance)
    if practice.code not in agreement.practices:
        raise QuarantineError(f"{agreement} does not name practice {practice.code}", "agreement_unknown")
    word = Membership.objects.filter(practice=practice, agreement=agreement).first()
    if acceptance.decision in OPENS and (word is None or word.sequence < acceptance.sequence):
        try:
            terms = read_document(bytes(agreement.document))
            check_may_say(terms, _facts(agreement, word), acceptance.decision, today)
        except NotPermittedError as error:
            raise QuarantineError(error.message, "state_does_not_allow") from error
    return agreement


def permit_result(practice: Practice, received: ReceivedResult, today: date) -> Permitted:
    """What the hub may keep of a result.

    Raises:
        QuarantineError: the agreement does not allow it, or a table breaks the agreement's disclosure rules.
    """
    agreement = _in_force(received.agreement_id, received.agreement_version, received.agreement_digest)
    try:
        active = check_active(practice, agreement, today)
    except NotPermittedError as error:
        raise QuarantineError(error.message, "agreement_not_active") from error
    restates = _check_period(practice, agreement, received, today)
    published = _published(agreement, received)
    _check_restated_searches(restates, published)
    _check_frequency(practice, active.agreement, received)
    if received.opt_out_policy != active.agreement.opt_out_policy:
        raise QuarantineError("opt-outs were taken off by another policy than the agreement's", "breaks_profile")
    try:
        tables = rechecked(active.agreement, received.tables, [shape_of(row) for row in published])
    except (DisclosureError, NotPermittedError) as error:
        raise QuarantineError(error.message, "breaks_profile") from error
    return Permitted(agreement, tuple(zip(published, tables, strict=True)), restates)


def check_sequence(practice: Practice, sequence: int, previous: str) -> None:
    """Return if a message may have this place in the practice's chain.

    A message before it that never came (or was set aside) leaves a gap, which is no fault of this one; where it did
    come, this one must name it.

    Raises:
        QuarantineError: the place is taken, or the message before is another one.
    """
    if Receipt.objects.filter(practice=practice, sequence=sequence).exists():
        raise QuarantineError(f"sequence {sequence} is taken by another message", "sequence_already_used")
    before = Receipt.objects.filter(practice=practice, sequence=sequence - 1).first()
    if (before is not None and before.digest != previous) or (sequence == 1 and previous != FIRST):
        raise QuarantineError(f"message {sequence} names another message before it", "chain_broken")


def _why_not(practice: Practice | None, agreement: Agreement, today: date) -> str:
    if practice is None:
        return "is not known to this hub"
    try:
        check_active(practice, agreement, today)
    except NotPermittedError as error:
        return error.message
    return ""


def _spoken_of(acceptance: Acceptance) -> Agreement:
    """The version in force; a word that stops may also be about one that was superseded, for it may still hold."""
    about = (acceptance.agreement_id, acceptance.version, acceptance.digest)
    if acceptance.decision not in OPENS:
        known = Agreement.objects.filter(agreement_id=about[0], version=about[1], digest=about[2]).first()
        if known is not None:
            return known
    return _in_force(*about)


def _in_force(agreement_id: str, version: int, digest: str) -> Agreement:
    agreement = Agreement.objects.filter(
        agreement_id=agreement_id, version=version, digest=digest, superseded_at=None
    ).first()
    if agreement is None:
        raise QuarantineError(
            f"agreement {agreement_id} version {version} is not in force in these words", "agreement_unknown"
        )
    return agreement


def _check_period(practice: Practice, agreement: Agreement, received: ReceivedResult, today: date) -> Result | None:
    """What is restated; None: this is the first release of its period, whatever version it is under."""
    on = received.reference_date
    if on > today:
        raise QuarantineError(f"reference date {on} is yet to come", "period_not_allowed")
    recorded = Result.objects.filter(
        practice=practice, agreement__agreement_id=agreement.agreement_id, reference_date=on
    ).select_related("restatement")
    first = recorded.filter(restates=None).first()
    if received.restates is None:
        if first is not None:
            raise QuarantineError(f"a result for {on} is recorded", "period_already_recorded")
        return None
    if first is None:
        raise QuarantineError(f"no result for {on} is recorded that could be restated", "nothing_to_restate")
    if first.is_restated:
        raise QuarantineError(f"the result for {on} has been restated", "period_already_restated")
    if first.digest != received.restates.file:
        raise QuarantineError(f"it restates another file than the one recorded for {on}", "restates_another_file")
    if first.agreement_id != agreement.pk:
        raise QuarantineError(f"the result for {on} is under another version", "restates_another_version")
    return first


def _check_restated_searches(restates: Result | None, published: list[PublishedSearch]) -> None:
    """A restatement answers nothing that the first did not: that would be a first release under another name."""
    if restates is None:
        return
    answered = set(restates.figures.values_list("search__search_id", flat=True))
    more = ", ".join(sorted({row.search_id for row in published} - answered)[:5])
    if more:
        raise QuarantineError(f"it answers searches that the first did not: {more}", "restates_other_searches")


def rechecked(agreement: Terms, tables: Sequence[ReceivedTable], shapes: Sequence[Shape]) -> tuple[SafeTable, ...]:
    """Received tables, once each keeps the agreement's rule for its search or a narrower one that it names.

    A practice that asks for more than the agreement does not use what the agreement relaxes; that is narrower too.

    Args:
        agreement: its terms.
        tables: as received.
        shapes: of the search that each answers, in the same order.

    Raises:
        NotPermittedError: a profile is not known.
        DisclosureError: a table keeps no such rule.
    """
    relaxed = {terms.search_id: terms.relaxed for terms in agreement.searches}
    return tuple(
        _rechecked(table, shape, _rules_of(agreement.profile, table, relaxed.get(table.search_id, frozenset())))
        for table, shape in zip(tables, shapes, strict=True)
    )


def _rules_of(agreed_id: str, table: ReceivedTable, relaxed: frozenset[Relaxation]) -> tuple[Profile, ...]:
    rules = _rules(agreed_id, table.profile, relaxed)
    if not rules:
        raise DisclosureError(
            f"search {table.search_id}: profile {table.profile} is not the agreement's, "
            f"expected {agreed_id} or narrower"
        )
    return rules


def _rechecked(table: ReceivedTable, shape: Shape, rules: tuple[Profile, ...]) -> SafeTable:
    for rule in rules[:-1]:
        with contextlib.suppress(DisclosureError):
            return recheck(table, rule, shape)
    return recheck(table, rules[-1], shape)


@lru_cache(maxsize=1024)  # a handful of profiles and relaxations, asked for with every table
def _rules(agreed_id: str, applied_id: str, relaxed: frozenset[Relaxation]) -> tuple[Profile, ...]:
    """What holds under an agreement's profile for a practice that names this one; nothing if that is wider."""
    agreed, applied = profile(agreed_id), profile(applied_id)
    if narrowest(agreed, applied).id != applied.id:
        return ()
    return tuple(dict.fromkeys((applied, effective(agreed, own_part(agreed, applied), relaxed))))


def _check_frequency(practice: Practice, agreement: Terms, received: ReceivedResult) -> None:
    wanted = [table.search_id for table in received.tables]
    taken = defaultdict(set)
    rows = Figure.objects.filter(
        result__practice=practice, result__agreement__agreement_id=agreement.id, search__search_id__in=wanted
    )
    for search_id, day in rows.values_list("search__search_id", "result__reference_date").distinct():
        taken[search_id].add(day)
    for search_id in wanted:
        terms = agreement.terms_of(search_id)
        try:
            if terms is not None:
                check_frequency(terms, received.reference_date, taken[search_id])
        except NotPermittedError as error:
            raise QuarantineError(error.message, "period_not_allowed") from error


def _published(agreement: Agreement, received: ReceivedResult) -> list[PublishedSearch]:
    wanted = [table.search_id for table in received.tables]
    # Without the texts: a result may answer hundreds of searches, and all were parsed before.
    known = PublishedSearch.objects.filter(agreement=agreement, search_id__in=wanted)
    by_content = {(row.search_id, row.digest[:16]): row for row in known.only("search_id", "digest", "agreement_id")}
    rows = []
    for table in received.tables:
        row = by_content.get((table.search_id, table.search_digest16))
        if row is None:
            raise QuarantineError(f"search {table.search_id} was not published in these words", "search_not_published")
        rows.append(row)
    try:
        check_searches(received, {row.search_id: row.digest for row in rows})
    except GovernanceError as error:
        raise QuarantineError(error.message, "search_not_published") from error
    return rows
