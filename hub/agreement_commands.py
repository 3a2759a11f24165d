"""What each command `gpfed-hub agreement ...` does: draft, propose, show, list."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from governance.agreement_changes import what_changes
from governance.agreement_draft import Draft, draft
from governance.agreement_print import write_page
from governance.clauses import Kind
from governance.keys import SigningKey
from governance.review import Role
from governance.targets import AGREEMENT_DAYS
from governance.terms import in_words, read_document, read_terms
from hub.agreements import Signers, in_force, propose, renew, resume, suspend
from hub.centre import Centre, read_targets_keys
from hub.enforce import standing
from hub.models import Agreement, PublishedSearch
from hub.publish import read_folders
from hub.saying import note, offline, read_text, say, standing_lines
from hub.searches import pins
from hub.staff import known_signer, signer
from searches.document import read_search


def agreement_draft(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement draft`."""
    searches = [read_search(files) for files in read_folders(arguments.search, arguments.codelists)]
    practices = arguments.practice or ["Z90001"]
    begun = Draft(Kind(arguments.kind), arguments.id, centre.config.code, practices, searches, centre.today())
    text = draft(begun)
    say(arguments, {"yaml": text}, text.rstrip("\n"))
    note("fill in every CHANGE, then: gpfed-hub agreement propose FILE")
    return 0


def agreement_propose(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement propose`."""
    terms = read_terms(read_text(arguments.file), pins(arguments.codelists))
    reviewers = _reviewers(arguments)
    targets = read_targets_keys(offline(centre, arguments))
    _, drafter = known_signer(arguments.drafter_key)
    agreement = propose(centre, terms, Signers(targets, reviewers, drafter))
    told = {"agreement": agreement.agreement_id, "version": agreement.version, "digest": agreement.digest}
    words = f"{agreement} is proposed; it is active for a practice once that practice has signed it"
    before = Agreement.objects.filter(agreement_id=agreement.agreement_id, version=agreement.version - 1).first()
    if before is not None:
        changed = what_changes(read_document(bytes(before.document)), read_document(bytes(agreement.document)))
        words = f"{words}\n\n{changed}"
    say(arguments, told, words)
    return 0


def agreement_suspend(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement suspend`."""
    agreement = in_force(arguments.id)
    suspend(centre, agreement, arguments.reason)
    say(arguments, _agreement(agreement), f"{agreement} is suspended: nothing is served, taken in or shown under it")
    return 0


def agreement_resume(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement resume`."""
    agreement = in_force(arguments.id)
    resume(centre, agreement, _reviewers(arguments))
    say(arguments, _agreement(agreement), f"{agreement} goes on")
    return 0


def agreement_renew(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement renew`."""
    agreement = in_force(arguments.id)
    renew(centre, agreement, _reviewers(arguments))
    say(arguments, _agreement(agreement), f"{agreement} is signed for another {AGREEMENT_DAYS} days, unchanged")
    return 0


def _reviewers(arguments: Namespace) -> list[SigningKey]:
    signers = (signer(arguments.clinical_key, Role.CLINICAL), signer(arguments.governance_key, Role.GOVERNANCE))
    return [key for _, key in signers]


def agreement_show(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement show`."""
    agreement = in_force(arguments.id)
    terms = read_document(bytes(agreement.document))
    if arguments.page is not None:
        write_page(terms, arguments.page)
        note(f"{arguments.page} is written")
    practices = standing(agreement, centre.today())
    searches = [
        {"search": row.search_id, "version": row.version, "digest": row.digest}
        for row in PublishedSearch.objects.filter(agreement=agreement, superseded_at=None)
    ]
    told = {**_agreement(agreement), "practices": practices, "searches": searches}
    say(arguments, told, "\n".join([in_words(terms), *standing_lines(practices)]))
    return 0


def agreement_list(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub agreement list`."""
    rows = [
        {**_agreement(agreement), "active_for": _count(standing(agreement, centre.today()))}
        for agreement in Agreement.objects.filter(superseded_at=None)
    ]
    lines = [
        f"{row['agreement']:<30} v{row['version']:<3} {row['start']} to {row['end']}  active for {row['active_for']}"
        for row in rows
    ]
    say(arguments, {"agreements": rows}, "\n".join(lines))
    return 0


def _agreement(agreement: Agreement) -> dict[str, object]:
    return {
        "agreement": agreement.agreement_id,
        "version": agreement.version,
        "title": agreement.title,
        "digest": agreement.digest,
        "start": agreement.start.isoformat(),
        "end": agreement.end.isoformat(),
    }


def _count(practices: Mapping[str, str]) -> int:
    return sum(1 for why_not in practices.values() if not why_not)
