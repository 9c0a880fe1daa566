"""A real browser: the system's Chromium, driven by playwright. It knows no page of ours."""

import shutil
from contextlib import asynccontextmanager

from playwright.async_api import async_playwright, expect

expect.set_options(timeout=30_000)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def binary():
    """Where a browser is; None when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def chrome(**context):
    """An empty tab in a new profile, and what its scripts threw or its policies refused, as it comes."""
    errors = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary(), args=["--disable-dev-shm-usage"])
        page = await browser.new_page(**context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield page, errors
        await browser.close()
