"""Several models side by side, stages as a machine, and what it all costs: told on three product lines, sixty rules."""

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.codec import encode_lead
from schemas.commands import FlagOverstay, HandOff, MoveStage, SendContent
from schemas.lead import Lead
from schemas.model import MAIN
from schemas.units import DAY, HOUR, MINUTE
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.explain import explain
from streams.journey.replay import digest, replay
from streams.journey.score import engagement_of, fit_of
from tests.journey.agreed import MONDAY, POLICY, Story, agreed
from tests.journey.lines import lines

LINES = Compiled(lines())
ACTS = [
    *((f.PageViewed, {"path": path}) for path in ("/", "/guides/cold-rooms", "/customers/cold-store", "/guides/peak")),
    (f.PageViewed, {"path": "/careers/engineer"}),
    (f.PricingViewed, {}),
    (f.PricingViewed, {}),
    (f.FormSubmitted, {"form": "ask"}),
    (f.WebinarAttended, {"webinar": "metering", "minutes": 30}),
    (f.EmailOpened, {"email": "checklist"}),
    (f.EmailClicked, {"email": "checklist"}),
    (f.Tracked, {"name": "savings-calculated", "properties": {"yearly_saving": 12_000}}),
    (f.Tracked, {"name": "trial-started"}),
    (f.LeadUpdated, {"traits": {"role": "plant manager", "industry": "food", "employees": 300}}),
    (f.LeadUpdated, {"traits": {"role": "student"}}),
    (f.SalesRecycled, {}),
]
histories = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5 * DAY)), max_size=40)


def lived(history, policy=LINES):
    """A story with this history, and every fact of it, ticks among them."""
    story, folded = Story(policy), []
    fold = story.fold

    def recorded(fact):
        folded.append(fact)
        return fold(fact)

    story.fold = recorded
    story.introduced(role="plant manager", industry="food")
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    story.wait(30 * DAY)
    return story, folded


def moves(story, model=MAIN):
    """From where to where in a model, and why."""
    return [(move.before, move.after, move.why) for move in story.of(MoveStage) if move.model == model]


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────


@given(histories)
def test_the_score_sums_in_every_model(history):
    """Rules, groups and patterns add up to both axes, and so does each single contribution with its fact."""
    story, folded = lived(history)
    told = explain(folded, "ada", LINES, lambda _: LINES)
    for name, model in LINES.models.items():
        standing = story.lead.standings[name]
        fit, did = fit_of(story.lead, model), engagement_of(story.lead, model, story.lead.judged_on)
        assert (standing.fit, standing.engagement) == (sum(w.points for w in fit), sum(w.points for w in did))
        for axis in ("fit", "engagement"):
            points = [c.points for c in told.contributions if (c.model, c.axis) == (name, axis)]
            assert sum(points) == getattr(standing, axis)


@pytest.mark.parametrize("policy", [POLICY, LINES], ids=["one model", "three lines"])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS[:13]), st.integers(0, 20 * DAY)), max_size=30), dice=st.randoms())
def test_the_order_of_arrival_changes_no_score(acts, dice, policy):
    """Caps over days, groups and patterns too: what happened when is what counts, not when we heard of it."""
    facts = [
        kind(id=str(n), lead_id="ada", at=MONDAY + at, seen=MONDAY + 21 * DAY, **parts)
        for n, ((kind, parts), at) in enumerate(acts)
    ]
    found = set()
    for _ in range(3):
        lead = Lead(id="ada")
        for fact in facts:
            lead, _ = decide(lead, fact, policy)
        counts = tuple(sorted((rule, tuple(days.items())) for rule, days in lead.counts.items()))
        found.add((tuple(standing.engagement for standing in lead.standings.values()), counts))
        dice.shuffle(facts)
    assert len(found) == 1


@given(histories)
def test_nobody_flaps_in_any_model(history):
    """Who moves back has stood there for the dwell, and each crossing is said once, with the days of the stay."""
    story, _ = lived(history)
    for name, model in LINES.models.items():
        since, stage = 0, ""
        for move in (move for move in story.of(MoveStage) if move.model == name):
            assert move.before == stage != move.after
            assert move.days == ((move.seen - since) // DAY if stage else 0)
            if model.index[move.after] < model.index.get(move.before, -1):
                assert move.seen - since >= model.dwell
            since, stage = move.seen, move.after
        assert (story.lead.standings[name].stage, story.lead.standings[name].stage_since) == (stage, since)


@given(histories)
def test_models_do_not_touch_each_other(history):
    """Without the other lines, the main one judges the same."""
    alone = replace(lines(), models={}, programs=agreed().programs)
    facts = [fact for fact in lived(history)[1] if not isinstance(fact, f.Tick)]
    rows = [replay(lambda: facts, policy, lambda _: LINES)[0] for policy in (LINES, Compiled(alone))]
    one, other = (row["ada"].standings[MAIN] for row in rows)
    assert (one.fit, one.engagement, one.veto, one.stage) == (other.fit, other.engagement, other.veto, other.stage)


@given(histories)
def test_replay_is_the_live_fold(history):
    """The facts with their ticks give the very same row."""
    story, folded = lived(history)
    rows, decisions = replay(lambda: folded, LINES, lambda _: LINES)
    assert digest(rows) == digest({"ada": story.lead})
    assert decisions == len(story.said)


# ── several models ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_model_that_is_ready_is_named_and_its_reasons_told():
    """Cold stores interest her: that line hands her over, with its own points."""
    story = Story(LINES).introduced(role="plant manager", industry="food")
    for path in ("/guides/cold-rooms", "/customers/cold-store", "/guides/cold-rooms"):
        story.tell(f.PageViewed, after=MINUTE, path=path)
    story.tell(f.PricingViewed)
    story.tell(f.PricingViewed)
    story.tell(f.WebinarAttended, webinar="cold", minutes=40)
    (handoff,) = story.of(HandOff)
    assert (handoff.model, handoff.brief.model, handoff.brief.stage) == ("cold-store", "cold-store", "ready")
    points = [story.lead.standings[line].engagement for line in LINES.models]
    assert handoff.brief.engagement == points[1] == max(points)


def test_a_raised_hand_goes_by_the_model_that_speaks_loudest_and_a_veto_in_all_stops_it():
    """A student is one for every line."""
    story = Story(LINES).introduced(role="plant manager")
    story.tell(f.PageViewed, path="/guides/cold-rooms")
    story.tell(f.DemoRequested)
    assert [handoff.model for handoff in story.of(HandOff)] == ["cold-store"]
    student = Story(LINES).introduced(role="student")
    student.tell(f.DemoRequested)
    assert student.of(HandOff) == []


def test_a_program_is_for_the_stages_of_its_own_model():
    """Only the cold-store line knows her as aware, so its program writes to her."""
    story = Story(LINES).introduced(role="plant manager")
    story.tell(f.PageViewed, path="/customers/cold-store")
    assert (story.standing.stage, story.lead.standings["cold-store"].stage) == ("new", "aware")
    assert [command.program for command in story.of(SendContent)] == ["basics-cold-store"]


# ── stages as a machine ──────────────────────────────────────────────────────────────────────────────────────


def staged(**changes):
    """The small policy, with changes to one of its stages."""
    (place, parts) = changes.popitem()
    policy = agreed()
    stages = tuple(replace(stage, **parts) if stage.id == place else stage for stage in policy.stages.stages)
    return Compiled(replace(policy, stages=replace(policy.stages, stages=stages)))


def test_a_stage_is_entered_when_its_condition_holds_too():
    """Points alone do not do: two looks at the prices within a week."""
    story = Story(staged(considering={"enter": When(did="pricing", times=2, within="7 days")})).introduced(role="clerk")
    story.tell(f.PricingViewed)
    story.tell(f.WebinarAttended, webinar="metering")
    assert (story.standing.stage, story.standing.engagement) == ("aware", 35)
    story.tell(f.PricingViewed, after=6 * DAY)
    assert story.standing.stage == "considering"


def test_a_stage_is_left_when_its_condition_says_so_after_the_dwell():
    """She looks for a job: back, in the moment that the dwell is over, though nothing happens then."""
    story = Story(staged(considering={"leave": When(did="clicks", within="30 days")})).introduced()
    story.tell(f.PricingViewed)
    story.tell(f.PricingViewed)
    assert story.standing.stage == "considering"
    story.tell(f.EmailClicked, after=HOUR, email="why-measure", send_key="")
    story.wait(3 * DAY)
    [back] = [move for move in story.of(MoveStage) if move.before == "considering"]
    assert (back.after, back.why, back.seen, back.days) == ("aware", "left", MONDAY + 2 * DAY, 2)


def test_a_window_closes_by_itself():
    """Points for coming back are there for as long as it holds, and gone at midnight without any fact."""
    story = Story(LINES).introduced()
    for _ in range(3):
        story.tell(f.PageViewed, path="/")
    with_pattern = story.standing.engagement
    lapses = (MONDAY // DAY + 7) * DAY
    story.wait(lapses - MONDAY - 1)
    assert [why.rule for why in engagement_of(story.lead, LINES.models[MAIN], story.lead.judged_on)] == [
        "pages",
        "returns",
    ]
    assert story.lead.due == story.standing.lapses == lapses
    story.wait(1)
    assert [why.rule for why in engagement_of(story.lead, LINES.models[MAIN], story.lead.judged_on)] == ["pages"]
    assert with_pattern - story.standing.engagement >= 5


def test_a_stay_that_is_too_long_moves_back_and_only_new_interest_leads_on():
    """Sixty days in a stage, then back; the points would suffice, but it takes a new deed."""
    policy = staged(considering={"engagement": 20, "keep": 1, "at_most": "20 days", "then": "aware"})
    story = Story(policy).introduced()
    story.tell(f.WebinarAttended, webinar="metering")
    story.wait(25 * DAY)
    assert moves(story)[-1] == ("considering", "aware", "overstayed")
    assert story.of(MoveStage)[-1].seen == MONDAY + 20 * DAY
    story.tell(f.LeadUpdated, traits={"company": "Engines"})
    assert story.standing.stage == "aware"
    story.tell(f.WebinarAttended, webinar="again")
    assert moves(story)[-1] == ("aware", "considering", "earned")


def test_without_a_stage_to_move_to_an_overstay_is_flagged_once():
    """One event, with the days; another stay, another event."""
    story = Story(staged(aware={"at_most": "10 days", "keep": 1})).introduced()
    story.tell(f.PricingViewed)
    story.wait(15 * DAY)
    story.tell(f.LeadUpdated, after=DAY, traits={"company": "Engines"})
    assert [(flag.stage, flag.days, flag.seen) for flag in story.of(FlagOverstay)] == [("aware", 10, MONDAY + 10 * DAY)]


# ── costs ────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def busy(count):
    """So many facts of one lead, a few minutes apart."""
    kinds = [act for act in ACTS if act[0] is not f.SalesRecycled]
    return [
        kind(id=str(n), lead_id="ada", at=MONDAY + 7 * n * MINUTE, seen=MONDAY + 7 * n * MINUTE, **parts)
        for n in range(count)
        for kind, parts in [kinds[n * 7 % len(kinds)]]
    ]


def seconds(facts, policy, lead):
    """CPU time for folding these facts, the best of three, and the row."""
    best = float("inf")
    for _ in range(3):
        row, began = lead, time.process_time()
        for fact in facts:
            row, _ = decide(row, fact, policy)
        best = min(best, time.process_time() - began)
    return best, row


def test_a_row_is_small_and_a_decision_costs_the_same_after_ten_thousand_facts():
    """At most 4 KB; the last thousand facts cost no more than the second thousand, with room for noise."""
    early, row = seconds(busy(2_000)[1_000:], LINES, seconds(busy(2_000)[:1_000], LINES, Lead(id="ada"))[1])
    for fact in busy(9_000)[2_000:]:
        row, _ = decide(row, fact, LINES)
    late, row = seconds(busy(10_000)[9_000:], LINES, row)
    assert len(encode_lead(row)) <= 4096
    assert late <= 1.5 * early


def test_ten_times_the_rules_cost_less_than_twice_the_time():
    """Six hundred rules on the same facts and fields, of which the same match as of sixty."""
    few, many = (seconds(busy(2_000), policy, Lead(id="ada"))[0] for policy in (LINES, Compiled(lines(idle=540))))
    assert many <= 2 * few


@pytest.mark.parametrize(("idle", "count"), [(0, 60), (540, 600)])
def test_there_are_as_many_rules_as_is_said(idle, count):
    """Fit and engagement of three models."""
    models = [lines(idle).scoring, *(model.scoring for model in lines(idle).models.values())]
    assert sum(len(scoring.fit) + len(scoring.engagement) for scoring in models) == count
