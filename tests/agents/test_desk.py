"""``nurture preview --serve``: what an author sees of each letter, when it is seen anew, and who may look."""

import asyncio
import datetime as dt
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest

from agents.preview import serve as served
from agents.preview.desk import Desk
from agents.preview.serve import serve
from schemas.problem import UserError
from tests.agents.workplaces import SMALL, edited, written


def desk(folder):
    """A desk that has looked once, on a day when nothing is due."""
    found = Desk(folder, lambda: dt.date(2026, 11, 23))
    found.look()
    return found


@asynccontextmanager
async def visited(folder):
    """The desk over HTTP: its address and a session."""
    async with serve(desk(folder), 0) as address, aiohttp.ClientSession(address) as session:
        yield session


def test_every_email_is_listed_with_how_each_lead_fares(tmp_path):
    """In the order of the journey; a hole and a refusal are seen before anything is opened."""
    folder = written(tmp_path, **{"leads/bo.yaml": "about: Nobody\ntraits: {email: bo@lead.example}\n"})
    text = SMALL["emails/again.md"] + "\n{{ lead.role }}{% if lead.employees > 1 %}!{% endif %}\n"
    (folder / "emails/again.md").write_text(text.replace("{% if lead.employees > 1 %}!{% endif %}", ""))
    listed = {one.id: one for one in desk(folder).overview().emails}
    assert list(listed) == ["again", "hello", "handoff-notice"]
    assert (listed["again"].letters, listed["again"].problems) == ({"ada": "whole", "bo": "holes"}, 1)
    (folder / "emails/again.md").write_text(text)
    assert desk(folder).overview().emails[0].letters == {"ada": "refused", "bo": "refused"}


def test_a_sheet_is_what_stands_around_a_letter(tmp_path):
    """Headers as they would be sent, the text part, the size, the front matter, and what check says of the file."""
    folder = edited(tmp_path, "emails/hello.md", ' or "reader"', "")
    sheet = desk(folder).sheet("hello", "ada")
    assert dict(sheet.headers) == {
        "From": "Ines <ines@oak.example>",
        "To": "ada@lead.example",
        "Reply-To": "hello@oak.example",
        "Subject": "Hello",
        "List-Unsubscribe": "<https://unsubscribe.invalid/preview>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert "utm_campaign=look&utm_content=first" in sheet.text
    assert (sheet.meta["claims"], sheet.holes, sheet.bytes > 1000) == ("saves", (), True)
    [complaint] = sheet.problems
    assert (complaint.problem.rule, complaint.source) == ("missing-fallback", "Dear {{ lead.first_name }},")
    assert dict(desk(folder).sheet("handoff-notice", "ada").headers)["To"] == "jonas@oak.example"


def test_holes_are_marked_and_a_refusal_is_a_sentence(tmp_path):
    """Never a traceback; an unknown name is nothing at all."""
    folder = edited(tmp_path / "a", "emails/again.md", "Once", "{{ lead.employees }}")
    found = desk(folder)
    assert found.sheet("again", "ada").holes == ("lead.employees",)
    assert ">lead.employees</mark>" in found.html("again", "ada", "light")
    broken = desk(edited(tmp_path / "b", "emails/again.md", "Once", "{% if lead.employees > 1 %}x{% endif %}"))
    assert "lead.employees is not known" in broken.sheet("again", "ada").refused
    assert broken.html("again", "ada", "light") is None
    assert (found.sheet("nope", "ada"), found.html("again", "nope", "dark")) == (None, None)


def test_links_in_a_shown_letter_lead_nowhere(tmp_path):
    """An author who clicks through a preview unsubscribes nobody and is counted nowhere."""
    assert '<head><base target="_blank">' in desk(written(tmp_path)).html("hello", "ada", "dark")


def test_a_mistake_keeps_the_last_letters_and_says_so(tmp_path):
    """What was whole can still be read while its file is being put right; nothing changed is no new version."""
    found = desk(written(tmp_path))
    assert (found.look(), found.version, found.overview().stale) == (False, 1, False)
    (tmp_path / "emails/again.md").write_text("no fence\n")
    assert (found.look(), found.version, found.overview().stale) == (True, 2, True)
    assert [one.problem.rule for one in found.overview().problems] == ["front-matter"]
    assert found.sheet("again", "ada").text.startswith("Once more.")
    (tmp_path / "emails/again.md").write_text(SMALL["emails/again.md"].replace("Once", "Twice"))
    assert (found.look(), found.overview().stale) == (True, False)
    assert found.sheet("again", "ada").text.startswith("Twice more.")


def test_a_workplace_that_never_was_whole_shows_its_problems(tmp_path):
    """No letters, no crash."""
    found = desk(written(tmp_path, **{"brand.yaml": "name: ["}))
    assert (found.overview().emails, found.overview().stale, found.sheet("hello", "ada")) == ((), True, None)
    assert found.overview().problems[0].problem.path.endswith("brand.yaml")


def test_the_page_needs_nothing_from_anywhere_else(tmp_path):
    """Three files of ours, and a policy under which a browser loads nothing else and runs nothing of a letter's."""

    async def main():
        async with visited(written(tmp_path)) as session:
            for path in ("/", "/page.css", "/page.js"):
                async with session.get(path) as answer:
                    assert answer.status == 200
                    assert "https://" not in await answer.text()
                    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
            async with session.get("/letter/hello/ada/dark") as answer:
                assert "sandbox" in answer.headers["Content-Security-Policy"]
                assert "script-src" not in answer.headers["Content-Security-Policy"]
            async with session.get("/overview") as answer:
                assert (await answer.json())["emails"][0]["id"] == "again"
            for path in ("/letter/nope/ada/dark", "/sheet/hello/nope", "/letter/hello/ada/pink", "/etc"):
                async with session.get(path) as answer:
                    assert answer.status == 404

    asyncio.run(main())


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:80", ""])
def test_a_page_of_others_cannot_read_it_through_a_name_of_theirs(tmp_path, host):
    """DNS rebinding: the browser is on this machine, its page is not."""

    async def main():
        async with visited(written(tmp_path)) as session, session.get("/overview", headers={"Host": host}) as answer:
            return answer.status

    assert asyncio.run(main()) in (400, 403)


def test_a_save_is_told_to_whoever_looks(tmp_path, monkeypatch):
    """As a server-sent event with the new version; the end of the server ends the stream."""
    monkeypatch.setattr(served, "_LOOK_SECONDS", 0.01)

    async def main():
        async with visited(written(tmp_path)) as session, session.get("/events") as stream:
            first = await stream.content.readuntil(b"\n\n")
            (tmp_path / "emails/again.md").write_text(SMALL["emails/again.md"].replace("Once", "Twice"))
            second = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 20)
            async with session.get("/sheet/again/ada") as answer:
                return first, second, json.loads(await answer.read())["text"][:5]

    assert asyncio.run(main()) == (b"data: 1\n\n", b"data: 2\n\n", "Twice")


def test_a_port_that_is_taken_is_a_sentence(tmp_path):
    """With what to do."""

    async def main():
        async with serve(desk(written(tmp_path)), 0) as address:
            port = int(address.rstrip("/").rpartition(":")[2])
            with pytest.raises(UserError, match=rf"cannot listen on 127.0.0.1:{port}: .*--port 0"):
                async with serve(desk(tmp_path), port):
                    pass

    asyncio.run(main())
