"""The preview in a real browser: everything side by side, nothing refused by its policies, a save seen at once."""

import asyncio
import datetime as dt
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.preview.desk import Desk
from agents.preview.serve import serve
from tests.browser.chrome import binary, chrome

TEMPLATES = Path(__file__).parents[2] / "templates"
PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
SHOWN = (
    "document.body?.dataset.drawn?.endsWith({!r}) && [...document.querySelectorAll('iframe')].every("
    "f => f.contentDocument?.readyState == 'complete' && f.contentDocument.URL.includes({!r}) && f.clientHeight > 200)"
)
pytestmark = pytest.mark.skipif(
    binary() is None and "CI" not in os.environ, reason="looked for Chromium and found none; Debian has it as chromium"
)


@asynccontextmanager
async def browsing(tmp_path):
    """The shipped workplace, copied, and a browser that looks at it."""
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    async with (
        serve(Desk(folder, lambda: dt.date(2026, 11, 23)), 0) as address,
        chrome(tmp_path / "profile") as page,
    ):
        await page.size(1440, 1000)
        await page.call("Page.navigate", url=f"{address}#dairy-story/amira")
        await page.until(SHOWN.format("dairy-story/amira", "dairy-story/amira"))
        yield folder, page


def test_an_author_sees_a_letter_from_all_sides_and_a_save_at_once(tmp_path):
    """One visit: five views, the widths, the night, the keys, a hole, a mistake, and the way back."""

    async def visit():
        async with browsing(tmp_path) as (folder, page):
            widths = await page.ask("[...document.querySelectorAll('iframe')].map(f => f.contentWindow.innerWidth)")
            assert widths == [640, 375, 640]
            grounds = "[...document.querySelectorAll('iframe')].map(f => getComputedStyle(f.contentDocument.body).backgroundColor)"
            light, phone, dark = await page.ask(grounds)
            assert (light == phone, light == dark) == (True, False)
            assert await page.ask("document.documentElement.scrollWidth <= innerWidth")
            assert "Hello Amira," in await page.ask("document.querySelector('#text').textContent")
            assert "List-Unsubscribe-Post" in await page.ask("document.querySelector('#headers').textContent")
            await page.picture(PICTURES / "preview.png")

            await page.press("ArrowDown")
            await page.press("ArrowRight")
            await page.until(SHOWN.format("one-page-case/bengt", "one-page-case/bengt"))

            email = folder / "emails/one-page-case.md"
            text = email.read_text("utf-8")
            email.write_text(text.replace("Four lines carry it", "Four lines, {{ lead.phone }}, carry it"), "utf-8")
            await page.until("document.querySelector('#holes').textContent.includes('lead.phone')")
            await page.until(
                "[...document.querySelectorAll('iframe')].every(f => f.contentDocument?.querySelector('.hole'))"
            )
            assert await page.ask("document.querySelector('#problems').textContent.includes('missing-fallback')")
            await page.picture(PICTURES / "preview-hole.png")

            email.write_text(text.replace("{% endif %}", "", 1), "utf-8")
            await page.until("!!document.querySelector('#stale')")
            assert await page.ask("document.querySelector('.problem .place').textContent.includes('one-page-case.md')")
            await page.picture(PICTURES / "preview-mistake.png")
            email.write_text(text, "utf-8")
            await page.until("!document.querySelector('#stale') && document.querySelector('#holes').textContent == ''")

            await page.size(1440, 1000, dark=True)
            await page.picture(PICTURES / "preview-dark.png")
            await page.size(420, 900)
            await page.until("document.documentElement.scrollWidth <= innerWidth")
            await page.picture(PICTURES / "preview-narrow.png")
            assert page.errors == []

    asyncio.run(visit())
