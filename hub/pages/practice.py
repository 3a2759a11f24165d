"""A practice among its peers: its front page, the comparison of one search, and the same as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from markupsafe import Markup

from governance.suppress import ENGINE_VERSION, SafeTable
from hub.charts import strip
from hub.comparison import Comparison, Standing
from hub.headline import headline
from hub.models import Agreement, Practice
from hub.pages import distribution, download, tables
from hub.pages.entry import for_practice
from hub.pages.jinja import moment
from hub.pages.load import (
    Indicator,
    OwnResult,
    agreements_of,
    comparisons,
    own_result,
    reference_dates,
    release,
)
from hub.pages.markdown import render as markdown
from hub.pages.markdown import without_title
from hub.pages.words import count_words, counted, day, direction, peers_words, reason_words, restated_words
from hub.settings import active_config
from hub.totals import Totals, totals_for
from hub.totals_words import share_words
from searches.search import Good, Search, Unit


@dataclass(frozen=True, slots=True)
class Section:
    """One agreement on the front page."""

    agreement: Agreement
    reference_date: date | None
    dates: tuple[date, ...]
    shown: tuple[tuple[Indicator, Comparison], ...]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What is shown, in the order of the page."""
        return tuple(comparison for _, comparison in self.shown)

    @property
    def other_dates(self) -> tuple[date, ...]:
        """The other dates for which anything was received, latest first."""
        return tuple(other for other in self.dates if other != self.reference_date)

    @property
    def completeness(self) -> tuple[int, int]:
        """How many practices have answered, and how many agreed."""
        first = next(iter(self.comparisons), None)
        return (first.answered, first.agreed) if first else (0, 0)

    @property
    def rows(self) -> tables.Rows:
        """The rows of the page's table."""
        return [
            _front_row(comparison, _address(indicator, comparison.reference_date, self.dates, "comparison"), place)
            for place, (indicator, comparison) in enumerate(self.shown, start=1)
        ]


def _front_row(comparison: Comparison, href: str, place: int) -> list[tables.Cell]:
    row = tables.front_row(comparison, href, place)
    if comparison.search.measure is None:
        return row
    return [row[0], *distribution.front_cells(comparison), row[-1]]


@for_practice
def front(request: HttpRequest, viewer: str) -> HttpResponse:
    """A practice's searches: its own figure, the middle of its peers, and how many have answered."""
    practice, sections = _front(request, viewer)
    chosen = _common_date(request, sections)
    url = reverse("practice-csv") + (f"?on={chosen.isoformat()}" if chosen else "")
    return render(request, "front.jinja", {"practice": practice, "sections": sections, "url": url})


@for_practice
def front_csv(request: HttpRequest, viewer: str) -> HttpResponse:
    """All searches of the front page as one file."""
    practice, sections = _front(request, viewer)
    dates = [section.reference_date for section in sections if section.reference_date]
    if not dates:
        raise Http404("nothing was received for this practice to compare with")
    parts = [(one.agreement.agreement_id, one.comparisons if one.reference_date else None) for one in sections]
    return download.attachment(f"all-searches-{max(dates).isoformat()}.csv", download.front_csv(practice.name, parts))


@for_practice
def comparison_page(request: HttpRequest, viewer: str, agreement_id: str, search_id: str) -> HttpResponse:
    """One search of one agreement, as this practice may see it."""
    indicator, comparison, dates = _find(request, viewer, agreement_id, search_id)
    search, together = comparison.search, _together(viewer, indicator, comparison)
    own = own_result(viewer, indicator, comparison.reference_date)
    context = {
        "indicator": indicator,
        "search": search,
        "comparison": comparison,
        "own": comparison.own,
        "restated": restated_words(comparison.own.restated) if comparison.own.restated else "",
        "headline": headline(comparison),
        "picture": Markup(strip.draw(picture_of(comparison))),  # noqa: S704 - our own drawing, escaped where it is made
        "peers": tables.peers_table(comparison),
        "dates": dates,
        "url": _address(indicator, comparison.reference_date, dates, "comparison-csv"),
        "groups_url": _address(indicator, comparison.reference_date, dates, "groups-csv"),
        "totals": tables.totals_table(together),
        "totals_share": share_words(together.percentage),
        "totals_url": _address(indicator, comparison.reference_date, dates, "totals-csv"),
        "facts": tables.facts_table(own_facts(comparison)),
        "standings": standings_words(comparison),
        "with_percentage": peers_words(len(comparison.with_percentage)),
        "counted": counted(search),
        "direction": direction(search),
        "why": markdown(search.why_it_matters),
        "note": markdown(without_title(search.explanation)) if search.explanation else "",
        "action_list": action_list(search, comparison.reference_date),
        "provenance": provenance(indicator),
        "translation": translation(own) if own else (),
    }
    if search.measure is not None:
        described = distribution.context(comparison, own.table if own else None)
        return render(request, "distribution.jinja", context | described)
    return render(request, "comparison.jinja", context | _groups(own))


@for_practice
def comparison_csv(request: HttpRequest, viewer: str, agreement_id: str, search_id: str) -> HttpResponse:
    """The comparison as a file."""
    _, comparison, _ = _find(request, viewer, agreement_id, search_id)
    name = f"{search_id}-{comparison.reference_date.isoformat()}.csv"
    is_distribution = comparison.search.measure is not None
    content = distribution.csv(comparison) if is_distribution else download.comparison_csv(comparison)
    return download.attachment(name, content)


@for_practice
def groups_csv(request: HttpRequest, viewer: str, agreement_id: str, search_id: str) -> HttpResponse:
    """One's own figures by group as a file, where the page shows them as a table."""
    indicator, comparison, _ = _find(request, viewer, agreement_id, search_id)
    own = own_result(viewer, indicator, comparison.reference_date)
    if own is None or comparison.search.measure is not None or not tables.is_split(own.table):
        raise Http404("there are no figures by group")
    name = f"{search_id}-groups-{comparison.reference_date.isoformat()}.csv"
    return download.attachment(name, download.groups_csv(comparison.own, own.table, comparison.reference_date))


@for_practice
def totals_csv(request: HttpRequest, viewer: str, agreement_id: str, search_id: str) -> HttpResponse:
    """The totals over all practices, as this one may see them, as a file."""
    indicator, comparison, _ = _find(request, viewer, agreement_id, search_id)
    name = f"{search_id}-totals-{comparison.reference_date.isoformat()}.csv"
    return download.attachment(name, download.totals_csv(comparison, _together(viewer, indicator, comparison)))


def own_facts(comparison: Comparison) -> list[tuple[str, str]]:
    """One's own figure in words: the count behind it, the interval, who was left out."""
    own, what = comparison.own, counted(comparison.search)
    if own.counts is None:
        return []
    facts = [("Met", count_words(own.counts.met, what)), ("Not met", count_words(own.counts.not_met, what))]
    facts.append(("Left out (excepted)", count_words(own.counts.excepted, what)))
    if own.interval:
        facts.append(("95% interval", f"{own.interval[0]}% to {own.interval[1]}%"))
    if own.counts.reason:
        facts.append(("Why", reason_words(own.counts.reason).capitalize()))
    return facts


def standings_words(comparison: Comparison) -> str:
    """How many practices stand how: `9 with a percentage, 1 too few to show, 2 not run`."""
    words = {Standing.VALUE: "with a percentage"}
    counts = comparison.standings
    return ", ".join(f"{counts[s]} {words.get(s, s.value)}" for s in Standing if counts.get(s))


def picture_of(comparison: Comparison) -> strip.Strip:
    """What the strip shows: the values of the page's table, nothing else."""
    own, search = comparison.own, comparison.search
    without = {s.value: n for s in Standing if s is not Standing.VALUE and (n := comparison.standings.get(s, 0))}
    mark = None
    if own.percentage is not None and own.interval:
        mark = strip.OwnMark(float(own.percentage), float(own.interval[0]), float(own.interval[1]))
    return strip.Strip(
        name="strip",
        title=f"{search.title}: your practice among its peers",
        description=f"{headline(comparison)} {standings_words(comparison)}. The table below has the same values.",
        own=mark,
        own_without="" if mark else own.standing.value,
        peers=tuple(peer.percentage for peer in comparison.with_percentage if peer.percentage is not None),
        median=float(comparison.peers_median) if comparison.peers_median is not None else None,
        target=float(comparison.target) if comparison.target is not None else None,
        without=without,
    )


def action_list(search: Search, reference_date: date) -> str:
    """Where, at the practice, the list of people to act on lies; empty if the search makes none."""
    if search.good is Good.NEUTRAL or search.unit is Unit.APPOINTMENT:
        return ""
    return f"action_lists/{reference_date.isoformat()}/{search.id}.csv"


def provenance(indicator: Indicator) -> tuple[tuple[str, str], ...]:
    """Who wrote and reviewed a search, and what allows its figures to be here."""
    published, agreement, search = indicator.published, indicator.agreement, indicator.search
    official = " ".join(part for part in (search.official_name, search.service_year) if part)
    facts = (
        ("Search", f"{search.id}, version {published.version}"),
        ("Implements", official),
        ("Owner", search.owner),
        ("Written by", search.authored_by),
        ("Signed by the author", published.author),
        ("Signed by the clinical reviewer", published.clinical_reviewer),
        ("Signed by the governance reviewer", published.governance_reviewer),
        ("Next review", day(search.next_review)),
        ("Agreement", f"{agreement.title} ({agreement.agreement_id}, version {agreement.version})"),
        ("In force", f"{day(agreement.start)} to {day(agreement.end)}"),
        ("Disclosure profile", agreement.profile),
        ("Content digest", published.digest),
        ("Agreement digest", agreement.digest),
    )
    return tuple((key, value) for key, value in facts if value)


def translation(own: OwnResult) -> tuple[tuple[str, str], ...]:
    """The translation receipt of one's own result, and which file brought it."""
    facts = [("Received", moment(own.received_at)), ("Message", f"number {own.message.sequence}, SHA-256 {own.digest}")]
    how = own.message
    if how.restates is not None:
        facts.append(("Restates", f"the file with SHA-256 {how.restates.file} ({how.restates.reason.words})"))
    facts += [
        ("Record system", f"{how.layout}, layout version {how.layout_version}"),
        ("Engine", f"{how.engine} {how.engine_version}"),
        ("Search digest", own.table.search_digest),
        ("Statement digest begins", own.statement_digest),
        ("Opt-outs", f"taken off as of {day(how.optouts_as_of)}"),
        ("Files delivered", day(how.delivered_on)),
        ("Agent", how.agent_version),
        ("Disclosure rules", _rules_words(own.table)),
    ]
    return tuple((key, value) for key, value in facts if value)


def _rules_words(table: SafeTable) -> str:
    """By which rules the figures were protected; earlier ones are not asked of again."""
    if table.engine_version == ENGINE_VERSION:
        return f"{table.profile}, version {table.engine_version} of the rules"
    return f"{table.profile}, version {table.engine_version} of the rules: checked under that version when received"


def _together(viewer: str, indicator: Indicator, comparison: Comparison) -> Totals:
    given = release(indicator.agreement, comparison.reference_date, timezone.now().date())
    return totals_for(given.parts(indicator), viewer)


def _practice(code: str) -> Practice:
    practice = Practice.objects.filter(code=code).first()
    if practice is None:
        raise Http404("there is no such practice")  # its link outlived it
    return practice


def _front(request: HttpRequest, viewer: str) -> tuple[Practice, list[Section]]:
    today = timezone.now().date()
    practice = _practice(viewer)
    return practice, [_section(request, viewer, agreement, today) for agreement in agreements_of(practice, today)]


def _section(request: HttpRequest, viewer: str, agreement: Agreement, today: date) -> Section:
    dates = reference_dates(agreement)
    chosen = _chosen(request, dates)
    if chosen is None:
        return Section(agreement, None, (), ())
    return Section(agreement, chosen, dates, comparisons(viewer, release(agreement, chosen, today), active_config()))


def _common_date(request: HttpRequest, sections: list[Section]) -> date | None:
    """The date that was asked for, if any section has it: one that the hub knows, never the text of an address."""
    if not request.GET.get("on"):
        return None
    return next((section.reference_date for section in sections if section.reference_date), None)


def _find(
    request: HttpRequest, viewer: str, agreement_id: str, search_id: str
) -> tuple[Indicator, Comparison, tuple[date, ...]]:
    today = timezone.now().date()
    agreements = agreements_of(_practice(viewer), today)
    agreement = next((one for one in agreements if one.agreement_id == agreement_id), None)
    dates = reference_dates(agreement) if agreement else ()
    chosen = _chosen(request, dates)
    if agreement is None or chosen is None:
        raise Http404("there is no such comparison for this practice")
    for indicator, comparison in comparisons(viewer, release(agreement, chosen, today), active_config()):
        if indicator.search.id == search_id:
            return indicator, comparison, dates
    raise Http404("there is no such comparison for this practice")


def _chosen(request: HttpRequest, dates: tuple[date, ...]) -> date | None:
    """The date asked for, the latest if none was; None where nothing was received, or not for that date."""
    asked = request.GET.get("on", "")
    if not asked:
        return dates[0] if dates else None
    return next((known for known in dates if known.isoformat() == asked), None)


def _address(indicator: Indicator, chosen: date, dates: tuple[date, ...], view: str) -> str:
    parts = {"agreement_id": indicator.agreement.agreement_id, "search_id": indicator.search.id}
    return reverse(view, kwargs=parts) + ("" if chosen == dates[0] else f"?on={chosen.isoformat()}")


def _groups(own: OwnResult | None) -> dict[str, object]:
    if own is None or not tables.has_groups(own.table):
        return {}
    return {
        "split": tables.is_split(own.table),
        "unsplit": tables.unsplit_reason(own.table),
        "groups_head": tables.breakdown_head(own.table),
        "groups": tables.breakdown_table(own.table),
    }
