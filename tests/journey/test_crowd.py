"""One address that clicks for people of unrelated companies is a machine; colleagues behind one address are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import facts as f
from schemas.codec import decode_crowd, encode
from schemas.lead import Lead
from schemas.sighting import MOST_SIGHTINGS, Crowd
from schemas.units import MINUTE, SECOND
from streams.journey.crowd import sighted, watch
from tests.journey.agreed import MONDAY, POLICY, Story


def sighting(number, company, at=0, client="c1"):
    fact = f.EmailClicked(id="click", lead_id=f"lead-{number}", at=MONDAY + at, seen=MONDAY + at, client=client)
    return sighted(Lead(id=fact.lead_id, traits={"company": company}), fact, POLICY)


def watched(clicks):
    """The leads of which a click is taken back, in order."""
    crowd, taken = Crowd(), []
    for click in clicks:
        crowd, retractions = watch(crowd, click)
        taken += [retraction.lead_id for retraction in retractions]
    return crowd, taken


@pytest.mark.parametrize(
    ("companies", "apart", "taken"),
    [
        ("abcd", SECOND, 4),
        ("abcdef", SECOND, 6),  # who is known for a machine stays one
        ("aAaAaAaA", SECOND, 0),  # colleagues, however their company is written
        ("abc", SECOND, 0),
        ("abcd", 5 * MINUTE, 0),  # a hotel's network over a day
    ],
)
def test_what_makes_a_crowd(companies, apart, taken):
    """Four companies within ten minutes; each click is taken back once."""
    _, found = watched([sighting(n, company, n * apart) for n, company in enumerate(companies)])
    assert found == [f"lead-{n}" for n in range(taken)]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abcdef"), st.integers(0, 30 * MINUTE)), max_size=60))
def test_a_click_is_taken_back_at_most_once_and_a_row_stays_small(clicks):
    """Repeats and late ones included; the row survives its encoding."""
    crowd, taken = watched([sighting(n, company, at) for n, company, at in clicks])
    assert len(crowd.sightings) <= MOST_SIGHTINGS
    assert len(crowd.void) <= len(crowd.sightings)
    assert len(encode(crowd)) <= 10_000
    assert decode_crowd(encode(crowd)) == crowd
    if len(clicks) <= MOST_SIGHTINGS:
        assert len(taken) == len(set(taken))


def test_nobody_is_watched_without_an_address_or_a_company():
    """A source that tells no address, a lead of whom nothing is known; the mail domain stands in for a company."""
    fact = f.EmailClicked(id="click", lead_id="ada", at=MONDAY, seen=MONDAY, client="c1")
    assert sighted(Lead(id="ada"), fact, POLICY) is None
    assert sighting(1, "a", client="") is None
    assert sighted(Lead(id="ada", traits={"email": "ada@a.example"}), fact, POLICY) is not None


def test_the_verdict_comes_before_the_click_counts():
    """Four mailboxes scanned from one place: the click still waits when it is taken back, and nothing is refolded."""
    story = Story().introduced()
    story.tell(f.EmailClicked, id="click", client="c1", email="why-measure")
    mine = sighted(story.lead, f.EmailClicked(id="click", lead_id="ada", at=MONDAY, seen=MONDAY, client="c1"), POLICY)
    crowd = Crowd()
    for click in (mine, *(sighting(n, company) for n, company in enumerate("bcd"))):
        crowd, retractions = watch(crowd, click)
    [mine] = [retraction for retraction in retractions if retraction.lead_id == "ada"]
    story.fold(mine)
    story.wait(MINUTE)
    assert (story.standing.engagement, [click.state for click in story.lead.clicks]) == (0, ["void"])
