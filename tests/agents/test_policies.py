"""Policies that were applied: the one that is asked for is read, and no other."""

import asyncio

import pytest

from agents import policies
from agents.kafka import past
from agents.policies import Policies, UnknownPolicyError
from schemas import topics
from schemas.codec import encode
from schemas.facts import LeadUpdated, PolicyApplied
from schemas.policy import policy_hash
from streams.engine.record import Record
from tests.agents.sending import NOW
from tests.journey.agreed import agreed

POLICY = agreed()
NAME = policy_hash(POLICY)


@pytest.fixture(autouse=True)
def _topics(monkeypatch):
    """The topic of policies holds one of ours, and one of a release that wrote other fields."""
    rows = {b"old": b'{"brand":{"renamed":1}}', b"torn": b"\xff", NAME.encode(): encode(POLICY)}

    async def read_newest(_options, _topic):
        return rows

    monkeypatch.setattr(policies, "read_newest", read_newest)


def test_an_old_policy_that_nobody_needs_stops_nobody():
    """The policy in force is found beside one that this release cannot read."""
    assert asyncio.run(Policies({}).get(NAME)).policy == POLICY
    assert list(asyncio.run(Policies({}).readable())) == [NAME]


@pytest.mark.parametrize(
    ("name", "says", "todo"),
    [
        (
            "old",
            'the policy "old" in nurture.policies, which this release cannot read',
            "run the release that wrote it",
        ),
        ("torn", 'the policy "torn" in nurture.policies, which this release cannot read', "run the release that wrote"),
        ("gone", 'no policy "gone" in nurture.policies', "put the topic back"),
    ],
)
def test_a_policy_that_is_asked_for_and_cannot_be_read_is_named(name, says, todo):
    """One sentence with its hash and the remedy, whichever way it was asked for."""
    with pytest.raises(UnknownPolicyError) as got:
        asyncio.run(Policies({}).get(name))
    with pytest.raises(UnknownPolicyError) as found:
        asyncio.run(Policies({}).find())(name)
    assert str(got.value) == str(found.value)
    assert says in str(got.value)
    assert todo in str(got.value)


def test_a_past_needs_only_the_policies_that_were_in_force_for_it(monkeypatch):
    """A lead's facts are read again under theirs; one that came and went between two of them is not asked for."""
    told = [
        *(PolicyApplied(id=name, lead_id="-", at=NOW, seen=NOW, policy=name) for name in ("old", NAME)),
        LeadUpdated(id="f1", lead_id="ada", at=NOW, seen=NOW, traits={}),
        PolicyApplied(id="last", lead_id="-", at=NOW, seen=NOW, policy="torn"),
    ]

    async def read_before(*_):
        for offset, fact in enumerate(told):
            yield Record(topics.FACTS, 0, offset, NOW, fact.lead_id.encode(), encode(fact), ())

    monkeypatch.setattr(past, "read_before", read_before)
    kept = asyncio.run(past.FactsBefore({}, Policies({}))(0, 9, {b"ada"}))
    assert [(fact.id, force.hash) for fact, force in kept["ada"]] == [("f1", NAME)]
