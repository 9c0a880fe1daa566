"""One lead through real Kafka and every process: from creation to mail, to handoff, to sales' answer and back."""

import asyncio
from email import message_from_bytes, policy

from agents.local.fleet import totals
from agents.local.world import track
from agents.outside.queue import answer, read_queue
from schemas import topics
from schemas.units import DAY, HOUR, MINUTE, from_iso

MONDAY = from_iso("2026-03-02T11:00:00")  # noon in Berlin
TRAITS = {
    "email": "Ada.Lovelace@Engines.example",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Engines",
    "role": "energy manager",
    "industry": "metal",
    "employees": 400,
    "country": "DE",
}


def did(what, at, **properties):
    return topics.ENGAGEMENT, "ada", track("ada", what, at, f"{what}-{at}", **properties)


def mails(pipeline):
    files = sorted((pipeline.folder / "mail").rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_from_creation_to_mail_to_handoff_and_back(pipeline):
    """Ada is introduced, nurtured, handed to Jonas, refused by him, and nurtured again; nothing is counted twice."""
    asyncio.run(_story(pipeline))


async def _story(pipeline):
    async with pipeline(MONDAY - HOUR) as running:
        await running.at(
            MONDAY,
            (topics.LEADS, "ada", track("ada", "Lead Created", MONDAY, "created", **TRAITS)),
            (
                topics.LEADS,
                "ada",
                track("ada", "Lawful Basis Given", MONDAY, "basis", basis="consent", form="fair", wording="v1"),
            ),
        )
        await running.at(MONDAY + MINUTE, did("Pricing Viewed", MONDAY + MINUTE, path="/pricing"))
        assert mails(running) == [], "the first step comes a day later"
        await running.at(MONDAY + DAY + HOUR)
        (first,) = mails(running)
        assert first["To"].lower() == "ada.lovelace@engines.example"
        assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for part in ("plain", "html"):
            assert "Ada" in first.get_body((part,)).get_content()

        at = MONDAY + DAY + 2 * HOUR
        deeds = (
            did("Trial Started", at),
            did("Meter Connected", at),
            did("Webinar Attended", at, webinar="load", minutes=40),
        )
        await running.at(at, *deeds, did("Savings Calculated", at, yearly_saving=50_000))
        (item,) = await read_queue(running.options)
        assert (item.state, item.owner, item.brief.name) == ("open", "jonas.brandt@wattlark.example", "Ada Lovelace")
        assert [told.email for told in item.brief.told] == ["night-load"]
        assert {mail["To"] for mail in mails(running)} == {first["To"], "jonas.brandt@wattlark.example"}

        await answer(running.options, item, "reject", by="jonas", reason="cannot-reach")
        await running.at(at + HOUR)
        (item,) = await read_queue(running.options)
        assert (item.state, item.reason, item.by) == ("rejected", "cannot-reach", "jonas")

        for day in range(1, 9):
            lanes = await running.at(at + day * DAY)
        to_ada = [mail["Subject"] for mail in mails(running) if mail["To"] == first["To"]]
        assert len(to_ada) > 1, "back in nurture"
        assert len(set(to_ada)) == len(to_ada), "never the same thing twice"
        count = totals(lane for agent in lanes.values() for lane in agent)
        assert count["in"] + count["sends_accepted"] == count["applied"] + count.get("duplicates", 0)
