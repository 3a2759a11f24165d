"""The practice's own exact report in a real browser: at both widths, by keyboard, under its own strict policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import DESKTOP, PHONE, show_at
from tests.unit.test_agent_report import missed, pulse, written


@pytest.fixture
def report(tmp_path: Path) -> str:
    return written(tmp_path, missed(), released=True).with_suffix(".html").as_uri()


@pytest.mark.parametrize("pixels", [DESKTOP, PHONE])
def test_the_report_fits_and_every_figure_has_its_reason(driver: webdriver.Chrome, report: str, pixels: int) -> None:
    show_at(driver, pixels)
    driver.get_log("browser")  # type: ignore[no-untyped-call]  # what earlier pages said is not this one's
    driver.get(report)

    wide, shown = driver.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    rows = driver.find_elements(By.CSS_SELECTOR, "tbody tr")
    reasons = [row.find_element(By.CSS_SELECTOR, "td.why").text for row in rows]

    assert wide <= shown
    assert rows
    assert all(reasons)
    assert driver.get_log("browser") == []  # type: ignore[no-untyped-call]  # selenium left it out


def test_the_table_is_a_table_to_who_hears_it_and_is_reached_by_keyboard(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    show_at(driver, PHONE)
    driver.get(written(tmp_path, pulse(), released=True).with_suffix(".html").as_uri())

    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)

    focused = driver.switch_to.active_element
    assert (focused.get_attribute("role"), focused.aria_role) == ("region", "region")
    assert focused.accessible_name.startswith("Numbers of people.")
    roles = {one.aria_role for one in driver.find_elements(By.CSS_SELECTOR, "table, tbody tr, tbody td, tbody th")}
    assert roles == {"table", "row", "cell", "rowheader"}
