"""Points that fade, or fall out of their horizon: stages follow on the day that it happens, whoever looks when."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import MoveStage
from schemas.lead import Standing
from schemas.model import MAIN, EngagementRule, Group, Model, Stage
from schemas.units import DAY
from streams.journey.compiled import Compiled
from streams.journey.fading import fades
from streams.journey.model import Judge
from streams.journey.past import Past
from streams.journey.points import points
from tests.journey.agreed import POLICY, Story, agreed
from tests.journey.lines import lines

LINES = Compiled(lines())
DEEDS = [
    (f.PageViewed, {"path": "/guides/cold"}),
    (f.PageViewed, {"path": "/customers/peak"}),
    (f.PageViewed, {"path": "/careers"}),
    (f.PricingViewed, {}),
    (f.FormSubmitted, {"form": "ask-us"}),
    (f.WebinarAttended, {"webinar": "metering", "minutes": 30}),
    (f.EmailClicked, {"email": "why-measure", "url": "https://meter.example/a"}),
    (f.EmailBounced, {"kind": "soft"}),
    (f.LeadUpdated, {"traits": {"role": "energy manager", "employees": 300}}),
]
histories = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 9 * DAY)), max_size=25)
TODAY = 20_600


def moves(story):
    """Each crossing, and the day of it."""
    return [(move.model, move.before, move.after, move.why, move.seen // DAY) for move in story.of(MoveStage)]


def lived(history, policy, every=0):
    """A story; with ``every`` (ms), somebody looks at the lead that often meanwhile, with a fact that says nothing."""
    story = Story(policy).introduced()
    for (kind, parts), after in [*history, ((f.EmailProcessed, {}), 200 * DAY)]:
        until = story.now + after
        while every and story.now + every <= until:
            story.tell(f.EmailProcessed, after=every - story.now % every)
        story.tell(kind, after=until - story.now, **parts)
    return story


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from([POLICY, LINES]))
def test_when_a_lead_is_looked_at_does_not_matter(history, policy):
    """Looked at every day, or only when it is due: the same crossings on the same days."""
    assert moves(lived(history, policy)) == moves(lived(history, policy, every=DAY))


def test_a_stage_is_left_on_the_day_that_its_points_are_gone():
    """20 points with a half-life of 14 days: 14 keep one stage and 3 the next, until there are 13 and 2."""
    story = Story().introduced()
    story.tell(f.WebinarAttended, webinar="metering")
    since = story.now // DAY
    story.wait(100 * DAY)
    assert [(after, day - since) for _, _, after, why, day in moves(story) if why == "faded"] == [
        ("aware", 8),
        ("new", 39),
    ]


def test_what_was_lost_comes_back():
    """60 points of prices count as 25, two bounces take 10: when they take 5 (and a part), there are 20 to move on."""
    plan = agreed()
    group = Group(id="prices", says="Prices", rules=("pricing",), most=25)
    story = Story(Compiled(agreed(scoring=replace(plan.scoring, groups=(group,))))).introduced()
    for kind, parts in [(f.EmailBounced, {"kind": "soft"})] * 2 + [(f.PricingViewed, {})] * 4:
        story.tell(kind, **parts)
    since = story.now // DAY
    assert (story.standing.stage, story.standing.engagement) == ("aware", 15)
    story.wait(20 * DAY)
    assert [(after, day - since) for _, _, after, _, day in moves(story)][-1] == ("considering", 11)


def test_a_lead_that_nothing_can_move_is_not_looked_at():
    """No timer for who has nothing to lose: the first stage, and stages that fit alone holds."""
    story = Story().introduced()
    assert story.standing.lapses == 0
    story.tell(f.PricingViewed)
    story.wait(300 * DAY)
    assert (story.standing.stage, story.standing.lapses) == ("new", 0)


@given(
    st.dictionaries(st.integers(TODAY - 100, TODAY), st.integers(1, 4), min_size=1, max_size=6),
    st.dictionaries(st.integers(TODAY - 100, TODAY), st.integers(1, 4), max_size=4),
    st.booleans(),
)
def test_the_day_never_comes_too_late(won, lost, grouped):
    """On every day before it, the points stay within the bounds of the stage."""
    judge = _judge(grouped=grouped)
    newest_first = [dict(sorted(days.items(), reverse=True)) for days in (won, lost)]
    counts = {name: days for name, days in zip(("won", "lost"), newest_first, strict=True) if days}

    def worth(day):
        return sum(points(pot, counts, day) for pot in judge.pots)

    now = worth(TODAY)
    place = max(n for n, rung in enumerate(judge.rungs) if n == 0 or now >= rung.keep)
    standing = Standing(stage=judge.rungs[place].id, engagement=now)
    until = fades(standing, Past(counts, TODAY), judge) // DAY or TODAY + 400
    keep = judge.rungs[place].keep if place else -1_000
    above = min((rung.engagement for rung in judge.rungs[place + 1 :] if rung.engagement > now), default=1_000)
    assert all(keep <= worth(day) < above for day in range(TODAY, until))


def _judge(*, grouped):
    plan = agreed()
    rules = (
        EngagementRule(id="won", says="Won", on="pricing.viewed", points=10),
        EngagementRule(id="lost", says="Lost", on="email.bounced", points=-7),
    )
    groups = (Group(id="g", says="G", rules=("won",), most=30, each_next=70),) if grouped else ()
    scoring = replace(plan.scoring, engagement=rules, groups=groups)
    stages = tuple(
        Stage(id=name, says=name, engagement=least) for name, least in (("new", 0), ("low", 10), ("high", 30))
    )
    return Judge(MAIN, Model(scoring=scoring, stages=replace(plan.stages, stages=stages)), plan.lifecycle)
