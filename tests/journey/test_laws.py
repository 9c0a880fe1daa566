"""What holds for every lead and every history."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import facts as f
from schemas.codec import decode_lead, encode_lead
from schemas.commands import HandOff, MoveStage, SendContent, SettleHandoff
from schemas.lead import Lead
from schemas.units import DAY, HOUR, day_of, millis
from streams.journey.calendar import next_open
from streams.journey.decide import decide
from streams.journey.score import engagement_of, fit_of
from tests.journey.agreed import MONDAY, POLICY, Story

MAIN = POLICY.models["main"]
ACTS = [
    (f.LeadUpdated, {"traits": {"email": "ada@lovelace.example", "role": "director"}}),
    (f.LeadUpdated, {"traits": {"country": "JP", "role": "clerk"}}),
    (f.LeadUpdated, {"traits": {"email": None}}),
    (f.BasisGiven, {"basis": "consent", "form": "fair", "wording": "v1"}),
    (f.BasisGiven, {"basis": "legitimate_interest", "form": "card", "wording": "v1", "expires": MONDAY + 20 * DAY}),
    (f.BasisWithdrawn, {}),
    (f.PageViewed, {"path": "/"}),
    (f.PricingViewed, {}),
    (f.PricingViewed, {}),
    (f.WebinarAttended, {"webinar": "metering"}),
    (f.FormSubmitted, {"form": "guide", "requested": "guide"}),
    (f.Tracked, {"name": "trial-started"}),
    (f.DemoRequested, {}),
    (f.EmailClicked, {"email": "why-measure"}),
    (f.EmailBounced, {"kind": "soft"}),
    (f.EmailUnsubscribed, {}),
    (f.SalesAccepted, {}),
    (f.SalesRejected, {"reason": "bad-timing"}),
    (f.SalesContacted, {}),
    (f.OpportunityOpened, {"amount": 100}),
    (f.DealWon, {"amount": 100}),
    (f.DealLost, {}),
    (f.Churned, {}),
]
histories = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6 * DAY)), max_size=40)


def lived(history, *, known=True):
    """A story with this history, its ticks included, and the facts that were folded."""
    story, folded = Story(), []
    fold = story.fold

    def recorded(fact):
        before = story.lead
        commands = fold(fact)
        folded.append((fact, before, commands))
        return commands

    story.fold = recorded
    if known:
        story.introduced()
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    story.wait(40 * DAY)
    return story, folded


@given(histories)
def test_nothing_is_ever_sent_without_a_lawful_basis(history):
    """At each send the lead had an address, a basis in force, and was not suppressed."""
    _, folded = lived(history)
    sends = 0
    for fact, before, commands in folded:
        for command in commands:
            if isinstance(command, SendContent):
                sends += 1
                after, _ = decide(before, fact, POLICY)
                assert after.traits["email"] == command.to
                assert after.suppressed is None
                assert any(b.expires is None or b.expires > command.seen for b in after.bases.values())


@given(histories)
def test_at_most_one_handoff_per_qualification(history):
    """Handoff ids are never repeated, and between two handoffs the first one ended."""
    story, _ = lived(history)
    open_, ids = False, []
    for command in story.said:
        if isinstance(command, HandOff):
            assert not open_
            open_ = True
            ids.append(command.handoff_id)
        elif isinstance(command, SettleHandoff) and command.outcome != "accepted":
            open_ = False
    assert ids == [f"ada:{n}" for n in range(len(ids))]


@given(histories)
def test_caps_and_quiet_hours_always_hold(history):
    """Nurture mail: never more than the caps, never at a quiet time; unasked content never twice."""
    story, _ = lived(history)
    sends = [command for command in story.of(SendContent) if command.kind == "nurture"]
    for most, within in POLICY.caps:
        for send in sends:
            assert sum(send.seen - within < other.seen <= send.seen for other in sends) <= most
    for send in sends:
        assert next_open(send.seen, send.zone, POLICY.quiet) == send.seen
    assert len({send.email for send in sends}) == len(sends)
    assert len({send.send_key for send in story.of(SendContent)}) == len(story.of(SendContent))


@given(histories, st.randoms())
def test_a_replayed_history_decides_nothing_new(history, dice):
    """Every fact again, in any order, soon after: the very same lead, no command."""
    story, folded = lived(history[:30])
    facts = [fact for fact, _, _ in folded if not isinstance(fact, f.Tick)][-120:]
    dice.shuffle(facts)
    for fact in facts:
        after, commands = decide(story.lead, fact, POLICY)
        assert after is story.lead
        assert commands == ()


@given(histories)
def test_the_same_history_gives_the_same_bytes(history):
    """Rows and commands are functions of the facts; a row survives its encoding."""
    one, two = lived(history)[0], lived(history)[0]
    assert one.said == two.said
    assert encode_lead(one.lead) == encode_lead(two.lead)
    assert decode_lead(encode_lead(one.lead)) == one.lead


@given(histories)
def test_the_score_sums(history):
    """Contributions add up exactly to both axes, as of the day that they were judged on."""
    lead = lived(history)[0].lead
    standing, model = lead.standings["main"], POLICY.models["main"]
    assert standing.fit == sum(why.points for why in fit_of(lead, model))
    assert standing.engagement == sum(why.points for why in engagement_of(lead, model, lead.judged_on))


@given(histories)
def test_nobody_flaps(history):
    """Who moved back had stood there for the dwell; who moved forward had the points to enter."""
    story, _ = lived(history)
    since = {}
    for move in story.of(MoveStage):
        if MAIN.index[move.after] < MAIN.index.get(move.before, -1):
            assert move.seen - since["at"] >= MAIN.dwell
        else:
            stage = MAIN.rungs[MAIN.index[move.after]]
            assert (move.fit >= stage.fit, move.engagement >= stage.engagement) == (True, True)
        since["at"] = move.seen


@given(histories)
def test_no_lead_is_silent_by_accident(history):
    """Who is enrolled or with sales is due some day, and a due time is always ahead."""
    lead = lived(history)[0].lead
    assert lead.due == 0 or lead.due > lead.seen
    if lead.enrolments or lead.handoff is not None:
        assert lead.due > 0
    else:
        assert lead.silence is not None


@given(histories, st.integers(0, 10))
def test_leads_do_not_touch_each_other(history, seed):
    """The order of unrelated leads is irrelevant: interleaved or one after the other, the same rows."""
    facts = [[fact for fact, _, _ in lived(history)[1]], []]
    other = Story(lead_id="bob").introduced()
    facts[1] = [f.PricingViewed(id=f"b{n}", lead_id="bob", at=MONDAY, seen=other.now) for n in range(9)]
    apart = {"ada": Lead(id="ada"), "bob": Lead(id="bob")}
    for fact in facts[0] + facts[1]:
        apart[fact.lead_id], _ = decide(apart[fact.lead_id], fact, POLICY)
    mixed, dice = {"ada": Lead(id="ada"), "bob": Lead(id="bob")}, random.Random(seed)
    while any(facts):
        fact = dice.choice([queue for queue in facts if queue]).pop(0)
        mixed[fact.lead_id], _ = decide(mixed[fact.lead_id], fact, POLICY)
    assert mixed == apart


@settings(max_examples=20)
@given(st.integers(0, 2000))
def test_a_row_stays_small_whatever_the_traffic(seed):
    """Thousands of facts, at most 4 KB."""
    story, dice = Story().introduced(), random.Random(seed)
    for _ in range(600):
        kind, parts = dice.choice(ACTS)
        story.tell(kind, after=dice.randrange(HOUR), **parts)
    assert len(encode_lead(story.lead)) <= 4096


@given(st.integers(0, 60))
def test_decay_is_monotone(days):
    """A point is never worth more tomorrow; half of it is left after the half-life."""
    assert MAIN.decay[days] >= MAIN.decay[days + 1]
    assert MAIN.decay[0] == 1000
    assert MAIN.decay[millis("14 days") // DAY] == 500
    assert day_of(MONDAY + DAY) == day_of(MONDAY) + 1
