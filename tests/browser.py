"""A real Chromium for the tests that look at pages as people do."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def _program() -> str:
    """Skips the test where there is none, unless REDRESS_REQUIRE_CHROMIUM=1 says that there must be one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        told = "there is no Chromium on this machine (Debian: chromium)"
        if os.environ.get("REDRESS_REQUIRE_CHROMIUM") == "1":
            pytest.fail(f"REDRESS_REQUIRE_CHROMIUM=1, but {told}")
        pytest.skip(told)
    return found


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Started once for all tests of a module. Its sandbox needs rights that containers do not give."""
    program = _program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        yield browser
        await browser.close()
