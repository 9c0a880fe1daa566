"""Content that may not be sent: not approved, withdrawn, past its day. A program waits for it, or passes it over."""

import pytest
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import Skip
from schemas.reason import Reason
from schemas.units import DAY
from streams.journey.compiled import Compiled
from streams.journey.content import withheld
from tests.journey.agreed import MONDAY, agreed
from tests.journey.programs import interested, policy, program, reasons, sent, step

NIGHT = MONDAY + 13 * 3_600_000  # MONDAY is ten o'clock in Berlin, and this one hour before midnight


def having(compiled, name, **parts):
    """The policy with one e-mail changed."""
    emails = compiled.policy.emails
    return Compiled(replace(compiled.policy, emails=emails | {name: replace(emails[name], **parts)}))


@pytest.mark.parametrize(
    ("parts", "at", "reason"),
    [
        ({}, MONDAY, None),
        ({"withheld": "unapproved"}, MONDAY, Reason.UNAPPROVED),
        ({"withheld": "withdrawn", "good_until": "2020-01-01"}, MONDAY, Reason.WITHDRAWN),
        ({"good_until": "2026-03-02"}, NIGHT, None),
        ({"good_until": "2026-03-02"}, NIGHT + 3_600_000, Reason.OUTDATED),
        ({"good_until": "2026-03-01"}, MONDAY, Reason.OUTDATED),
    ],
)
def test_an_email_is_good_until_its_last_day_ends_where_the_brand_is(parts, at, reason):
    """And not at all without its approvals, or with a claim that was withdrawn."""
    compiled = having(Compiled(agreed()), "guide", **parts)
    assert withheld(compiled.policy, "guide", at) is reason
    assert withheld(compiled.policy, "nope", at) is None


def test_a_program_that_skips_goes_on_without_it():
    """The lead hears the next, the reason is on record, and the e-mail is not sent later."""
    steps = step("one"), step("two", wait="3 days")
    story = interested(having(policy(p=program(*steps, withheld="skip")), "one", withheld="unapproved"))
    story.wait(10 * DAY)
    assert (sent(story), Reason.UNAPPROVED in reasons(story)) == (["two"], True)
    story.policy = policy(p=program(*steps, withheld="skip"))
    story.tell(f.PricingViewed, after=DAY)
    assert sent(story) == ["two"]


def test_a_program_that_waits_looks_again_each_day_and_sends_it_once_it_may_be():
    """Days of waiting make nothing stale, and what comes after it waits too."""
    steps = step("one", send_within="1 day"), step("two", wait="3 days")
    story = interested(having(policy(p=program(*steps)), "one", withheld="unapproved"))
    story.wait(10 * DAY)
    assert sent(story) == []
    looks = [skip for skip in story.of(Skip) if skip.program]
    assert {(skip.reason, skip.email, skip.until - skip.seen) for skip in looks} == {(Reason.UNAPPROVED, "one", DAY)}
    story.policy = policy(p=program(*steps))
    story.wait(10 * DAY)
    assert sent(story) == ["one", "two"]


def test_what_is_asked_for_is_not_sent_either():
    """The wish is answered with the reason."""
    story = interested(having(Compiled(agreed()), "guide", good_until="2026-03-01"))
    story.tell(f.FormSubmitted, form="guide", requested="guide")
    assert "guide" not in sent(story)
    assert Reason.OUTDATED in reasons(story)
    assert story.lead.wishes == {}
