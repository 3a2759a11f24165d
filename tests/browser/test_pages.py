"""The pages in a real browser: by keyboard, at phone width, under the content policy, and as axe-core sees them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from searches.document import library
from tests.browser.conftest import DESKTOP, PHONE, Browser

pytestmark = pytest.mark.browser

FRONT = "/practice/"
COMPARISON = "/practice/sharing-to-improve/pulse-rhythm-65/"
NOT_RUN = "/practice/sharing-to-improve/dna-booking-lead/"
COVERAGE = "/coverage/"
CLOSED = "/leave/"
MISSING = "/nothing-here/"
PAGES = (FRONT, COMPARISON, NOT_RUN, COVERAGE, CLOSED, MISSING)

SHOWN = "const svg = [...document.querySelectorAll('svg.gpf-chart')].find(one => one.getBoundingClientRect().width)\n"
OUTSIDE = (
    SHOWN
    + """
const box = svg.getBoundingClientRect()
const isBeside = r => r.left < box.left - 1 || r.right > box.right + 1
const isOutside = r => isBeside(r) || r.top < box.top - 1 || r.bottom > box.bottom + 1
const marks = [...svg.querySelectorAll('circle, path, line, text')]
return marks.filter(one => isOutside(one.getBoundingClientRect())).map(one => one.outerHTML)
"""
)
COVERED = (
    SHOWN
    + """
const texts = [...svg.querySelectorAll('text')].filter(one => !one.getAttribute('stroke'))
const boxes = texts.map(one => [one.textContent, one.getBoundingClientRect()])
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3
const others = (a, i) => boxes.slice(i + 1).filter(([, b]) => meet(a, b))
return boxes.flatMap(([words, a], i) => others(a, i).map(([other]) => [words, other]))
"""
)


def visit(browser: Browser, address: str) -> None:
    if address == COVERAGE:
        browser.enter(staff=True)
    browser.open(address)


def open_every_detail(browser: Browser) -> None:
    browser.driver.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")


def visible(browser: Browser, css: str) -> list[WebElement]:
    return [found for found in browser.driver.find_elements(By.CSS_SELECTOR, css) if found.is_displayed()]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_no_violation(browser: Browser, address: str, width: int) -> None:
    browser.width(width)
    visit(browser, address)
    open_every_detail(browser)
    violations = Axe().run(browser.driver)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


@pytest.mark.parametrize("address", PAGES)
def test_the_browser_refuses_nothing_and_misses_nothing(browser: Browser, address: str) -> None:
    visit(browser, address)
    expected = 1 if address == MISSING else 0  # its own 404 is told in the console
    complaints = browser.complaints()
    assert len(complaints) == expected, complaints
    assert not [one for one in complaints if "Content Security Policy" in one or "Refused" in one]


def test_a_script_or_a_style_that_got_in_would_not_run(browser: Browser) -> None:
    browser.open(COMPARISON)
    browser.driver.execute_script("""
        document.body.insertAdjacentHTML('beforeend', '<p id="x" style="color:red">x</p>')
        const script = document.createElement('script')
        script.textContent = 'document.title = "taken"'
        document.body.append(script)
    """)
    assert browser.driver.title != "taken"
    assert browser.driver.find_element(By.ID, "x").value_of_css_property("color") != "rgba(255, 0, 0, 1)"
    assert len([one for one in browser.complaints() if "Content Security Policy" in one]) >= 2


@pytest.mark.parametrize("address", [FRONT, COVERAGE, *(f"/practice/sharing-to-improve/{one}/" for one in library())])
def test_nothing_is_wider_than_a_phone(browser: Browser, address: str) -> None:
    browser.width(PHONE)
    visit(browser, address)
    open_every_detail(browser)
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize(("width", "shown"), [(DESKTOP, "wide"), (PHONE, "narrow")])
def test_one_of_the_two_drawings_is_shown_with_letters_large_enough(browser: Browser, width: int, shown: str) -> None:
    browser.width(width)
    browser.open(COMPARISON)
    drawings = visible(browser, "svg.gpf-chart")
    assert [f"gpf-chart--{shown}" in (one.get_attribute("class") or "") for one in drawings] == [True]
    heights = browser.driver.execute_script(
        "return [...arguments[0].querySelectorAll('text')].map(one => one.getBoundingClientRect().height)", drawings[0]
    )
    assert min(heights) >= 11


def test_every_mark_of_the_picture_lies_inside_it(browser: Browser) -> None:
    for width in (DESKTOP, PHONE):
        browser.width(width)
        for search in library():
            browser.open(f"/practice/sharing-to-improve/{search}/")
            outside = browser.driver.execute_script(OUTSIDE)
            assert outside == [], (search, width)


def test_labels_of_the_picture_do_not_cover_one_another(browser: Browser) -> None:
    for width in (DESKTOP, PHONE):
        browser.width(width)
        for search in library():
            browser.open(f"/practice/sharing-to-improve/{search}/")
            covered = browser.driver.execute_script(COVERED)
            assert covered == [], (search, width)


def test_the_first_key_leads_past_the_header_to_the_content(browser: Browser) -> None:
    browser.open(COMPARISON)
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    skip = browser.driver.switch_to.active_element
    assert skip.text == "Skip to main content"
    assert skip.is_displayed()
    skip.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "maincontent"


@pytest.mark.parametrize("address", [FRONT, COMPARISON, COVERAGE])
def test_the_keyboard_reaches_everything_in_the_order_in_which_it_is_read(browser: Browser, address: str) -> None:
    visit(browser, address)
    order = browser.driver.execute_script(
        "return [...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')]"
        ".filter(one => one.checkVisibility()).map(one => one.outerHTML)"
    )
    reached = []
    for _ in order:
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.driver.switch_to.active_element
        reached.append(active.get_attribute("outerHTML"))
        outline = browser.driver.execute_script(
            "const s = getComputedStyle(arguments[0]);"
            "return s.outlineStyle !== 'none' || s.boxShadow !== 'none' || s.backgroundColor !== 'rgba(0, 0, 0, 0)'",
            active,
        )
        assert outline, f"the focus cannot be seen on {active.text}"
    assert reached == order


def test_a_detail_opens_by_keyboard_without_any_script(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(COMPARISON)
        summary = next(one for one in visible(browser, "summary") if "in SQL" in one.text)
        summary.send_keys(Keys.ENTER)
        assert any("codelist.pulse_rhythm" in one.text for one in visible(browser, "pre"))
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_from_the_front_page_to_a_comparison_and_back(browser: Browser) -> None:
    browser.open(FRONT)
    links = visible(browser, "table a")
    assert len(links) == len(library())
    title = links[0].text
    links[0].click()
    assert title in browser.driver.find_element(By.TAG_NAME, "h1").text
    browser.driver.find_element(By.LINK_TEXT, "All searches").click()
    assert browser.driver.current_url.endswith(FRONT)


def test_the_address_after_coming_in_holds_no_token(browser: Browser) -> None:
    assert browser.driver.current_url == browser.demo.pages + FRONT


def test_headings_step_down_one_level_at_a_time(browser: Browser) -> None:
    for address in PAGES:
        visit(browser, address)
        open_every_detail(browser)
        levels = [int(one.tag_name[1]) for one in browser.driver.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
