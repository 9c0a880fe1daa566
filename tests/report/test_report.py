"""What became of mails: each counted once for each thing that followed, credited as is said, compared as was planned."""

import itertools
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from agents.cli import main
from agents.report.compare import LIFT, experiments, holdouts
from agents.report.lines import COUNTS, lines_of
from agents.report.mails import Mail, Mails
from agents.report.odds import leads_needed
from agents.report.page import page
from agents.report.run import WITHIN, fold, report
from agents.report.trials import Trial, Trials
from agents.report.words import verdict_on_experiment, verdict_on_holdout
from agents.workplace import load_workplace
from schemas import facts as f
from schemas.commands import Discount, EnterProgram, HandOff, MoveStage, SendContent, Skip
from schemas.policy import programs_of
from schemas.problem import UserError
from schemas.program import Program, Step, Variant
from schemas.reason import Reason, Verdict
from schemas.units import DAY, HOUR
from streams.journey.compiled import Compiled
from streams.journey.experiment import EVERY_PROGRAM
from tests.journey.agreed import MONDAY, OWNED, Story, agreed

BASE = agreed()
ABOUT = {"because": "x", "policy": "p", "id": "x"}
NUMBERS = itertools.count()


def fact(kind, at=0, lead="ada", **parts):
    """A fact of a lead, so long after Monday morning."""
    return kind(id=f"f{next(NUMBERS)}", lead_id=lead, at=MONDAY + at, seen=MONDAY + at, **parts)


def settled(key="k1", at=0, outcome="accepted", **parts):
    """The sender's word on a send."""
    about = {"program": "basics", "step": "one", "email": "why-measure"} | parts
    return fact(f.SendSettled, at, send_key=key, outcome=outcome, **about)


def decided(kind, at=0, lead="ada", **parts):
    """A decision about a lead."""
    return kind(**ABOUT, lead_id=lead, seen=MONDAY + at, **parts)


MOVED = {"before": "new", "after": "aware", "why": "earned", "fit": 0, "engagement": 9, "grade": "C3"}


def added(*told, within=WITHIN):
    """Mails after facts and decisions, each told by itself."""
    mails = Mails(within)
    for one in told:
        mails.add(one, ()) if isinstance(one, f.Happened) else mails.add(fact(f.PageViewed, path="/"), (one,))
    return mails


def test_what_followed_is_counted_once_however_often_it_came():
    """Repeats of the provider, two clicks, an unsubscription told twice."""
    about = {"send_key": "k1", "email": "why-measure"}
    kinds = [f.EmailDelivered, f.EmailClicked, f.EmailClicked, f.EmailReplied, f.EmailUnsubscribed, f.EmailComplained]
    [mail] = added(settled(), *(fact(kind, HOUR, **about) for kind in kinds + kinds))
    assert [bool(getattr(mail, name)) for name in ("sent", "delivered", "replied", "unsubscribed", "complained")] == [
        True
    ] * 5
    assert len(mail.clicks) == 4


def test_a_machines_click_is_none():
    """What was discounted, or taken back later, leaves no click behind; the others stay."""
    clicks = [fact(f.EmailClicked, HOUR, send_key="k1") for _ in range(3)]
    void = decided(Discount, engagement=(clicks[0].id, clicks[2].id, "unknown"), why=Verdict.MANY_LINKS)
    [mail] = added(settled(), *clicks, void)
    assert mail.clicks == {clicks[1].id}


def test_a_source_that_does_not_know_the_key_means_the_last_such_mail():
    """By its e-mail, or the last one at all; nobody's when there was none."""
    told = (settled("k1"), settled("k2", DAY, email="other"), fact(f.EmailReplied, 2 * DAY, email="why-measure"))
    first, second = added(*told, fact(f.EmailUnsubscribed, 2 * DAY), fact(f.EmailReplied, lead="bob"))
    assert (first.replied, first.unsubscribed, second.replied, second.unsubscribed) == (True, False, False, True)


@pytest.mark.parametrize(
    ("told", "credited"),
    [
        ([settled("k1"), settled("k2", DAY), decided(HandOff, 2 * DAY, handoff_id="ada:0", owner="", answer_by=0, brief=None)], [False, True]),
        ([settled("k1"), settled("k2", DAY, outcome="skipped"), decided(MoveStage, 2 * DAY, **MOVED)], [True, False]),
        ([settled("k1"), settled("k2", 3 * DAY), decided(MoveStage, 2 * DAY, **MOVED)], [True, False]),
        ([settled("k1"), settled("k2"), decided(MoveStage, WITHIN + 1, **MOVED)], [False, False]),
        ([settled("k1"), settled("k2"), decided(MoveStage, WITHIN, **MOVED)], [False, True]),
        ([settled("k1"), settled("k2"), decided(MoveStage, 1, **MOVED | {"why": "faded"})], [False, False]),
        ([settled("k1"), settled("k2"), decided(MoveStage, 1, lead="cy", **MOVED)], [False, False]),
    ],
)  # fmt: skip
def test_one_mail_is_credited_the_last_that_was_sent_in_time(told, credited):
    """Not those before it, none that was not sent, none after, none too long ago; and only for what was earned."""
    assert [mail.moved or mail.handed_off for mail in added(*told)] == credited


# ── experiments ──────────────────────────────────────────────────────────────────────────────────────────────

STEP = Step(id="one", email="why-measure", variants=(Variant(id="asks", subject="asks"), Variant(id="plain")))
TESTED = replace(BASE, programs={"basics": Program(**OWNED, name="B", stages=("aware",), steps=(STEP,), holdout=20)})


def mails(variant, count, clicked):
    """So many mails of a variant that arrived, the first of them clicked."""
    about = {"program": "basics", "step": "one", "email": "why-measure", "at": MONDAY, "sent": True, "delivered": True}
    return [Mail(**about, variant=variant, clicks={"c"} if n < clicked else set()) for n in range(count)]


@pytest.mark.parametrize(
    ("plain", "asks", "verdict", "says"),
    [
        ((0, 0), (0, 0), "early", "too early to say: 0 of 5,333 leads in the smallest part"),
        ((300, 3), (310, 60), "early", "too early to say: 300 of"),
        ((6000, 300), (6010, 420), "better", "asks gets more clicks than plain: +2.0 points (+1.1 to +2.8)"),
        ((6000, 420), (6010, 300), "worse", "asks gets fewer clicks than plain: -2.0 points (-2.9 to -1.2)"),
        ((6000, 400), (6010, 401), "even", "no difference in clicks that could be told from chance"),
        ((6000, 300), (6500, 420), "unfair", "do not believe it: leads did not part as was agreed"),
    ],
)
def test_an_experiment_is_judged_by_clicks_and_not_before_its_time(plain, asks, verdict, says):
    """However good it looks: a split that cannot be comes first, patience second, the difference last."""
    [found] = experiments(TESTED, mails("plain", *plain) + mails("asks", *asks), weeks=10)
    assert [arm.variant for arm in found.arms] == ["plain", "asks"], "the step as it stands comes first"
    assert found.verdict == verdict
    assert verdict_on_experiment(found).startswith(says)


def test_how_long_it_takes_is_said_from_what_was_seen():
    """The rate of all mails of the step, those from before it was tested too; the smallest part counts."""
    [found] = experiments(TESTED, mails("", 1000, 100), weeks=10)
    assert (found.horizon.rate, found.horizon.assumed, found.horizon.a_week) == (0.1, False, 50)
    assert found.horizon.needed == leads_needed(0.1, 0.1 * LIFT)
    assert found.horizon.weeks == found.horizon.needed / 50
    [unknown] = experiments(TESTED, [], weeks=0)
    assert (unknown.horizon.assumed, unknown.horizon.weeks) == (True, None)


# ── holdouts ─────────────────────────────────────────────────────────────────────────────────────────────────


def trials(*told, policy=TESTED):
    """Trials after decisions."""
    found = Trials()
    for one in told:
        found.add(*((one, ()) if isinstance(one, f.Happened) else (fact(f.PageViewed, path="/"), (one,))), policy)
    return found


def test_leads_are_followed_from_the_moment_that_they_were_let_in_or_held_out():
    """What was earned before says nothing; what comes after does, whoever got it."""
    hand = {"handoff_id": "x:0", "owner": "", "answer_by": 0, "brief": None}
    found = trials(
        decided(MoveStage, lead="in", **MOVED),
        decided(EnterProgram, lead="in", program="basics", ordinal=1),
        decided(Skip, lead="out", reason=Reason.HOLDOUT, program="basics"),
        decided(HandOff, lead="out", **hand),
        fact(f.DealWon, lead="in"),
    )
    assert found.of("basics") == [
        Trial(held=False, fair=True, won=True),
        Trial(held=True, fair=True, handed_off=True),
    ]


def test_who_came_before_there_was_a_holdout_is_compared_with_nobody():
    """The dice were not thrown for them, whatever comes later."""
    free = replace(TESTED, programs={"basics": replace(TESTED.programs["basics"], holdout=0)})
    found = Trials()
    for ordinal, policy in enumerate((free, TESTED), 1):
        found.add(fact(f.PageViewed, path="/"), (decided(EnterProgram, program="basics", ordinal=ordinal),), policy)
    [one] = holdouts(TESTED, found, 1)
    assert (one.let_in.leads, one.held_out.leads) == (0, 0)
    assert one.horizon.a_week == 1 * 20 / 100, "but it says how many come"


def test_who_is_held_out_of_one_program_is_not_held_out_of_all():
    """Else programs that hold leads out would make those that are let in look few."""
    both = replace(TESTED, sending=replace(TESTED.sending, holdout=10))
    found = trials(decided(Skip, reason=Reason.HOLDOUT, program="basics"), policy=both)
    assert found.of(EVERY_PROGRAM) == [Trial(held=False, fair=True)]


def test_a_skip_of_all_programs_counts_for_those_who_are_held_out_of_all():
    """A lead that only one program is kept from may be silent for that reason, too."""
    silent = decided(Skip, reason=Reason.HOLDOUT)
    assert trials(silent).of(EVERY_PROGRAM) == []
    everybody = replace(TESTED, sending=replace(TESTED.sending, holdout=50))
    held = [lead for lead in map(str, range(40)) if trials(replace(silent, lead_id=lead), policy=everybody).of("")]
    assert 5 < len(held) < 35


def test_a_holdout_is_judged_by_handoffs():
    """Let in against held out, once enough were held out."""
    found = Trials()
    found._of.update(
        {
            str(n): {"basics": Trial(held=n % 5 == 0, fair=True, handed_off=n % 5 > 0 and n % 3 == 0)}
            for n in range(9000)
        }
    )
    [one] = holdouts(TESTED, found, 10)
    assert one.verdict == "better"
    assert verdict_on_holdout(one).startswith("more handoffs than without: +33.")
    [early] = holdouts(TESTED, Trials(), 10)
    assert verdict_on_holdout(early).startswith("too early to say: 0 of")


# ── whole ────────────────────────────────────────────────────────────────────────────────────────────────────


class Recorded(Story):
    """A lead's story that keeps its facts, and whose mail arrives at once; even ones click."""

    def fold(self, fact):
        """One fact, kept; what is sent arrives."""
        self.facts.append(fact)
        commands = super().fold(fact)
        for order in [one for one in commands if isinstance(one, SendContent)]:
            about = {"send_key": order.send_key, "email": order.email}
            place = {"program": order.program, "step": order.step, "variant": order.variant}
            self.tell(f.SendSettled, outcome="accepted", **about, **place)
            self.tell(f.EmailDelivered, **about)
            if int(self.lead.id) % 2 == 0:
                self.tell(f.EmailClicked, after=HOUR, **about)
        return commands


def history(policy, count=60):
    """The facts of so many leads."""
    told = []
    for number in range(count):
        story = Recorded(policy, str(number))
        story.facts = told
        story.introduced()
        story.tell(f.PricingViewed)
        story.wait(3 * DAY)
    return told


def test_a_report_adds_up():
    """Lines make the total, variants make their step, weeks make what was sent, leads are let in or held out."""
    policy = Compiled(TESTED)
    facts = history(policy)
    found = report(fold(lambda: facts, policy, {}.__getitem__), WITHIN)
    for name in COUNTS:
        assert sum(getattr(line, name) for line in found.lines) == getattr(found.total, name)
    [experiment], [holdout] = found.experiments, found.holdouts
    assert sum(arm.line.sent for arm in experiment.arms) == found.total.sent == sum(found.weeks) == holdout.let_in.leads
    assert found.total.clicked == sum(int(fact.lead_id) % 2 == 0 for fact in facts if isinstance(fact, f.SendSettled))
    assert holdout.let_in.leads + holdout.held_out.leads == found.leads == 60


def test_a_report_is_about_everything_a_program_or_an_email():
    """And about nothing that there is not."""
    policy = Compiled(TESTED)
    facts = history(policy, 10)
    folded = fold(lambda: facts, policy, {}.__getitem__)
    assert report(folded, WITHIN, "why-measure").total == report(folded, WITHIN, "basics").total
    assert report(folded, WITHIN, "checklist").total.sent == 0
    assert not report(folded, WITHIN, "checklist").experiments
    with pytest.raises(UserError, match='did you mean "basics"'):
        report(folded, WITHIN, "basic")
    with pytest.raises(UserError, match="found no facts"):
        fold(list, policy, {}.__getitem__)


def test_a_page_tells_what_the_table_tells():
    """Without a script, a picture or a font from elsewhere."""
    policy = Compiled(TESTED)
    facts = history(policy)
    html = page(report(fold(lambda: facts, policy, {}.__getitem__), WITHIN))
    assert all(word in html for word in ("What became of our mail", "2 variants", "20 % of the leads held out", "asks"))
    assert not any(word in html for word in ("<script", "http:", "https:", "url("))


def test_the_command_reports_on_a_file(tmp_path):
    """A table, JSON, a page; without a policy a sentence."""
    asked = ["--facts", "tests/facts.jsonl", "--policy", "templates"]
    shown = CliRunner().invoke(main, ["report", *asked, "--html", str(tmp_path / "r.html")])
    assert (shown.exit_code, "six-week-pilot" in shown.output) == (0, True)
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!doctype html>")
    told = json.loads(CliRunner().invoke(main, ["report", "choose-well", *asked, "--json"]).stdout)
    assert {line["program"] for line in told["lines"]} == {"choose-well"}
    refused = CliRunner().invoke(main, ["report", *asked[:2]])
    assert (refused.exit_code, "found a file of facts without --policy" in refused.output) == (2, True)


def test_programs_stand_in_the_order_of_the_journey():
    """By the first stage that they are for, then the first to be entered; what no program sent comes last."""
    workplace = load_workplace(Path("templates"))
    assert list(programs_of(workplace.policy)) == ["first-look", "build-the-case", "choose-well"]
    mails = [Mail(program=name, step="", email="x", variant="", at=0) for name in ("requested", "choose-well")]
    mails.append(Mail(program="first-look", step="night-load", email="x", variant="", at=0))
    assert [line.program for line in lines_of(mails, workplace.policy)] == ["first-look", "choose-well", "requested"]
