"""One lead at a time, and the gate: what may be written to whom, when, and why not."""

import pytest

from schemas import facts as f
from schemas.commands import HandOff, SendContent, Skip, Suppress
from schemas.reason import Reason
from schemas.units import DAY, HOUR, iso
from tests.journey.agreed import MONDAY, Story
from tests.journey.stories import interested, reasons


def _without_basis():
    story = Story()
    story.tell(f.LeadCreated, traits={"email": "ada@lovelace.example", "role": "director"})
    return story


def _with(kind, /, **parts):
    story = Story().introduced()
    story.tell(kind, **parts)
    return story


def test_what_the_lead_asked_for_goes_at_once_even_at_night_and_over_the_cap():
    """Quiet hours and caps are for what nobody asked for."""
    story = interested()
    story.wait(13 * HOUR)  # 23:00
    for _ in range(4):
        story.tell(f.FormSubmitted, form="guide", requested="guide")
    assert [command.kind for command in story.of(SendContent)] == ["nurture"] + ["requested"] * 4
    assert len({command.send_key for command in story.of(SendContent)}) == 5


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (lambda: Story().introduced(email=None), Reason.NO_ADDRESS),
        (_without_basis, Reason.NO_BASIS),
        (lambda: _with(f.BasisWithdrawn), Reason.NO_BASIS),
        (lambda: _with(f.EmailUnsubscribed), Reason.UNSUBSCRIBED),
        (lambda: _with(f.EmailComplained), Reason.COMPLAINED),
        (lambda: _with(f.EmailBounced, kind="hard"), Reason.HARD_BOUNCE),
    ],
)
def test_the_gate_refuses_by_name(story, reason):
    """No address, no basis, suppressed: nothing is sent, and the reason is the first thing said."""
    told = story()
    told.tell(f.PricingViewed)
    told.tell(f.FormSubmitted, form="guide", requested="guide")
    assert told.of(SendContent) == []
    assert {skip.reason for skip in told.of(Skip)} == {Reason.NOT_QUALIFIED, reason}


def test_an_expired_basis_is_no_basis():
    """Consent that ran out is named as such."""
    story = Story().introduced()
    story.tell(f.BasisGiven, basis="consent", form="fair", wording="v1", expires=MONDAY + DAY)
    story.tell(f.PricingViewed, after=2 * DAY)
    assert reasons(story)[-1] is Reason.BASIS_EXPIRED


def test_suppression_is_told_to_every_sender_once():
    """Unsubscribing twice says it once."""
    story = _with(f.EmailUnsubscribed)
    story.tell(f.EmailUnsubscribed)
    assert [(s.reason, s.address) for s in story.of(Suppress)] == [(Reason.UNSUBSCRIBED, "ada@lovelace.example")]


def test_a_soft_bounce_is_no_reason_for_silence():
    """Only a hard bounce suppresses."""
    story = _with(f.EmailBounced, kind="soft")
    assert story.lead.suppressed is None


def test_quiet_hours_are_those_of_the_lead_and_the_source_of_the_zone_is_recorded():
    """10:00 UTC is 19:00 in Tokyo and fine; three days later at 21:00 there it is not."""
    story = interested(country="JP")
    assert (story.of(SendContent)[0].zone, story.of(SendContent)[0].zone_source) == ("Asia/Tokyo", "country")
    evening = interested(time_zone="Asia/Singapore")  # 18:00 there
    evening.wait(3 * HOUR)
    late = Story().introduced(time_zone="Pacific/Auckland")  # 23:00 there
    late.tell(f.PricingViewed)
    assert late.of(SendContent) == []
    assert late.of(Skip)[-1].reason is Reason.QUIET_HOURS
    late.wait(DAY)
    assert iso(late.of(SendContent)[0].seen)[:16] == "2026-03-02T19:00"  # 08:00 in Auckland
    assert late.of(SendContent)[0].zone_source == "lead"


def test_a_history_mails_nobody():
    """Facts that happened long ago enrol the lead, and every step's time has passed."""
    story = Story()
    old = MONDAY - 400 * DAY
    for index, kind in enumerate((f.LeadCreated, f.BasisGiven, f.PricingViewed, f.PricingViewed, f.DemoRequested)):
        parts = {
            f.LeadCreated: {"traits": {"email": "ada@lovelace.example", "role": "director"}},
            f.BasisGiven: {"basis": "consent", "form": "fair", "wording": "v1"},
        }.get(kind, {})
        story.tell(kind, at=old + index * DAY, **parts)
    story.wait(60 * DAY)
    assert story.of(SendContent) == []
    assert story.of(HandOff) == []


def test_a_late_fact_makes_steps_stale_not_sent():
    """After an outage of five days, the step that was due then is dropped with a reason."""
    story = Story().introduced()
    story.tell(f.PricingViewed, after=5 * DAY, at=MONDAY)
    assert Reason.STALE in reasons(story)
    assert story.of(SendContent) == []


def test_a_send_that_never_left_was_never_received_and_counts_towards_no_cap():
    """The sender's word comes back as a fact."""
    story = interested()
    (sent,) = story.of(SendContent)
    story.tell(f.SendSettled, send_key=sent.send_key, email=sent.email, outcome="skipped", reason="template")
    assert (story.lead.received, story.lead.sent) == ({}, {"nurture": ()})


def test_a_new_address_is_mailed_though_the_old_one_bounced():
    """The address bounced, not the person; an unsubscribe is the person's word and stays."""
    for kind, suppressed in ((f.EmailBounced, None), (f.EmailUnsubscribed, Reason.UNSUBSCRIBED)):
        story = _with(kind)
        story.tell(f.LeadUpdated, traits={"email": "ada@new.example"})
        assert story.lead.suppressed is suppressed


def test_what_the_person_said_outranks_what_the_mailbox_did():
    """Bounced, then unsubscribed, then a new address: still no. The graver reason is told to the senders."""
    story = _with(f.EmailBounced, kind="hard")
    story.tell(f.EmailUnsubscribed)
    story.tell(f.EmailBounced, kind="hard")
    story.tell(f.LeadUpdated, traits={"email": "ada@new.example"})
    assert story.lead.suppressed is Reason.UNSUBSCRIBED
    assert [command.reason for command in story.of(Suppress)] == [Reason.HARD_BOUNCE, Reason.UNSUBSCRIBED]
    story.tell(f.EmailComplained)
    assert story.lead.suppressed is Reason.COMPLAINED


def test_a_pause_counts_from_when_it_happened():
    """A contact of last year, imported today, pauses nobody."""
    story = Story().introduced()
    for kind in (f.SalesContacted, f.OpportunityOpened):
        story.tell(kind, at=MONDAY - 300 * DAY)
    story.tell(f.PricingViewed)
    assert [command.email for command in story.of(SendContent)] == ["why-measure"]


def test_a_form_that_overtakes_its_consent_is_answered_when_the_consent_comes():
    """Two topics, no order between them; a day later the wish has passed."""
    for late, kinds_sent in ((HOUR, ["requested"]), (2 * DAY, [])):
        story = Story()
        story.tell(f.FormSubmitted, form="guide", requested="guide")
        story.tell(f.LeadCreated, traits={"email": "ada@lovelace.example"})
        story.tell(f.BasisGiven, after=late, basis="consent", form="guide", wording="v1")
        assert [command.kind for command in story.of(SendContent)] == kinds_sent
        assert story.lead.wishes == {}
