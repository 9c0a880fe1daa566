"""The preview in a real browser: everything side by side, nothing refused by its policies, a save seen at once."""

import asyncio
import datetime as dt
import os
import re
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from agents.preview.desk import Desk
from agents.preview.serve import serve
from tests.browser.chrome import binary, chrome

TEMPLATES = Path(__file__).parents[2] / "templates"
PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
pytestmark = pytest.mark.skipif(
    binary() is None and "CI" not in os.environ, reason="looked for Chromium and found none; Debian has it as chromium"
)


@asynccontextmanager
async def browsing(tmp_path):
    """The shipped workplace, copied, and a browser that looks at it; nothing on the page may fail."""
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    async with (
        serve(Desk(folder, lambda: dt.date(2026, 11, 23)), 0) as address,
        chrome(viewport={"width": 1440, "height": 1000}) as (page, errors),
    ):
        await page.goto(f"{address}#dairy-story/amira")
        yield folder, page
        assert errors == []


def frames(page):
    """The three views of an e-mail: desktop, phone, dark."""
    return [page.locator("iframe").nth(view) for view in range(3)]


async def shows(page, email, words):
    """Waits until all three views show this e-mail with these words."""
    await expect(page.locator("body")).to_have_attribute("data-drawn", re.compile(f"{email}$"))
    for frame in frames(page):
        await expect(frame.content_frame.get_by_text(words)).to_be_visible()


async def of_each(page, expression):
    """The value of an expression in each of the views."""
    return [await frame.content_frame.locator("body").evaluate(expression) for frame in frames(page)]


def test_an_author_sees_a_letter_from_all_sides_and_a_save_at_once(tmp_path):
    """One visit: five views, the widths, the night, the keys, a hole, a mistake, and the way back."""

    async def visit():
        async with browsing(tmp_path) as (folder, page):
            await shows(page, "dairy-story/amira", "Hello Amira,")
            assert await of_each(page, "innerWidth") == [640, 375, 640]
            light, phone, dark = await of_each(page, "body => getComputedStyle(body).backgroundColor")
            assert (light == phone, light == dark) == (True, False)
            await expect(page.locator("#text")).to_contain_text("Hello Amira,")
            await expect(page.locator("#headers")).to_contain_text("List-Unsubscribe-Post")
            await expect(page.locator("html")).to_have_js_property("scrollWidth", 1440)
            await page.screenshot(path=PICTURES / "preview.png")

            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("ArrowRight")
            await shows(page, "one-page-case/bengt", "Four lines carry it")

            email = folder / "emails/one-page-case.md"
            text = email.read_text("utf-8")
            email.write_text(text.replace("Four lines carry it", "Four lines, {{ lead.phone }}, carry it"), "utf-8")
            await expect(page.locator("#holes")).to_contain_text("lead.phone")
            for frame in frames(page):
                await expect(frame.content_frame.locator(".hole")).to_be_visible()
            await expect(page.locator("#problems")).to_contain_text("missing-fallback")
            await page.screenshot(path=PICTURES / "preview-hole.png")

            email.write_text(text.replace("{% endif %}", "", 1), "utf-8")
            await expect(page.locator("#stale")).to_be_visible()
            await expect(page.locator(".problem .place").first).to_contain_text("one-page-case.md")
            await page.screenshot(path=PICTURES / "preview-mistake.png")
            email.write_text(text, "utf-8")
            await expect(page.locator("#stale")).to_have_count(0)
            await expect(page.locator("#holes")).to_be_empty()

            await page.emulate_media(color_scheme="dark")
            await page.screenshot(path=PICTURES / "preview-dark.png")
            await page.set_viewport_size({"width": 420, "height": 900})
            await expect(page.locator("html")).to_have_js_property("scrollWidth", 420)
            await page.screenshot(path=PICTURES / "preview-narrow.png")

    asyncio.run(visit())
