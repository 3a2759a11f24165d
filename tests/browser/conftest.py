"""A real browser without a window. Where there is none, what was not run is named; in CI that is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.demonstration import Demonstration

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
REQUIRED = os.environ.get("GPFED_REQUIRE_ALL") == "1"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = 1200, 390


def show_at(driver: webdriver.Chrome, pixels: int) -> None:
    """Show pages at this width, as a phone below 500."""
    metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


class Browser:
    """The driver, and the few things that the tests do with it."""

    def __init__(self, driver: webdriver.Chrome, demo: Demonstration) -> None:
        self.driver = driver
        self.demo = demo

    def enter(self, *, staff: bool = False) -> None:
        """Come in by a signed link, as the practice or as the hub's staff."""
        self.driver.get(self.demo.links[1 if staff else 0])

    def open(self, address: str) -> None:
        """Open a page of the demonstration."""
        self.driver.get(self.demo.pages + address)

    def width(self, pixels: int) -> None:
        """Show pages at this width, as a phone below 500."""
        show_at(self.driver, pixels)

    def complaints(self) -> list[str]:
        """What the console said since it was last asked: refusals of the content policy, failed requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]  # selenium left it out


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def chromium(driver: webdriver.Chrome, served_demo: Demonstration) -> Browser:
    return Browser(driver, served_demo)


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser as a practice that has just come in, at desktop width, its console empty."""
    chromium.driver.delete_all_cookies()
    chromium.width(DESKTOP)
    chromium.enter()
    chromium.complaints()
    return chromium


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, naming the test, where there is no browser; fail where one is required."""
    if CHROMIUM and DRIVER:
        return
    words = f"not run without Chromium and chromedriver: {item.name}"
    if REQUIRED:
        pytest.fail(words, pytrace=False)
    pytest.skip(words)
