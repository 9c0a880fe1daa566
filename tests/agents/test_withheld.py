"""Only approved content within its review date is sent: what the policy is told, and the sender as the last to look."""

import datetime as dt

import pytest

from agents.render.renderer import Renderer
from agents.workplace import load_workplace
from schemas.reason import Reason
from tests.agents.sending import Lane, Port, fold, order, records, work
from tests.agents.workplaces import SMALL, written

HELLO = SMALL["emails/hello.md"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("2027-03-31", "")),
        ({"emails/hello.md": HELLO.replace("2027-03-31", "2032-03-31")}, ("2031-01-31", "")),
        ({"emails/hello.md": HELLO.replace("[saves]", "[]").replace("2027", "2032")}, ("2032-03-31", "")),
        ({"emails/hello.md": HELLO.replace("[saves]", "[saves, cures]")}, ("2027-03-31", "withdrawn")),
        ({"emails/hello.md": HELLO.replace("claims", "approvals: [sales]\nclaims")}, ("2027-03-31", "unapproved")),
    ],
)
def test_the_policy_knows_until_when_an_email_is_good_and_whether_it_may_be_sent_at_all(tmp_path, changes, told):
    """Its review date or the first of its claims to end; what is withheld stops no other e-mail, and no policy."""
    email = load_workplace(written(tmp_path, **changes)).policy.emails["hello"]
    assert (email.good_until, email.withheld) == told


def test_a_notice_to_a_rep_has_no_last_day(tmp_path):
    """A date alone must not keep the word of a handoff."""
    assert load_workplace(written(tmp_path)).policy.emails["handoff-notice"].good_until == ""


@pytest.mark.parametrize(("day", "reason"), [(30, None), (31, None), (32, Reason.OUTDATED)])
def test_the_sender_looks_at_the_day_too(tmp_path, day, reason):
    """An order may have waited past it."""
    folder = written(tmp_path, **{"emails/hello.md": HELLO.replace("2027-03-31", "2031-01-31")})
    renderer = Renderer(load_workplace(folder))
    now = int(dt.datetime(2031, 1, 1, 20, tzinfo=dt.UTC).timestamp() + (day - 1) * 86_400) * 1000
    found = renderer.withheld("hello", now)
    assert (found.reason if found else None) is reason
    assert renderer.withheld("nope", now) is None


def test_the_ledger_says_why_and_nothing_was_asked_of_the_provider():
    """Blocked, with the reason itself; what was sent has the hash of the text that was approved."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order("k1", email="old"), order("k2", lead="bob")))
    entries = lane.entries()
    assert (entries["k1"].state, entries["k1"].reason) == ("blocked", Reason.OUTDATED)
    assert (entries["k2"].state, entries["k2"].source_hash) == ("accepted", "h1")
    assert port.asked == ["k2"]
