"""What the bench concludes from its rounds, and that its facts are always the same. It measures nothing."""

import asyncio
import subprocess
import sys

import msgspec
import pytest

from agents.segment.grammar import to_fact
from schemas.codec import decode_fact, decode_lead
from schemas.facts import LeadCreated
from schemas.problem import Rejected
from schemas.topics import DECISIONS, SENDS
from tests.bench import traffic
from tests.bench.alone import replayed, written
from tests.bench.delays import delays, percentile
from tests.bench.facts import SEED, START, facts
from tests.bench.leads import leads_rows
from tests.bench.order import Order
from tests.bench.results import HOPS, between, page
from tests.bench.run import beside
from tests.bench.shipped import ROOT
from tests.bench.sides.one import OneByOne
from tests.bench.span import Spent
from tests.bench.targets import TARGETS, judged
from tests.bench.throughput import Load, alternate, ratios, speeds
from tests.journey.lines import lines


@pytest.mark.parametrize("spread", ["zipf", "uniform"])
def test_the_same_arguments_give_the_same_facts(spread):
    """Sides, rounds and runs fold the same bytes."""
    once, again = facts(2_000, 100, spread), facts(2_000, 100, spread)
    assert once == again
    assert len(once) == 2_000


def test_facts_can_be_read():
    """Each is a fact of the lead whose key it has."""
    found = [(told.key, decode_fact(told.value)) for told in facts(3_000, 50)]
    assert not any(isinstance(fact, Rejected) for _, fact in found)
    assert all(key == fact.lead_id.encode() for key, fact in found)


def test_facts_among_known_leads_introduce_nobody():
    """The leads are in the rows already."""
    assert not any(isinstance(decode_fact(told.value), LeadCreated) for told in facts(1_000, 50, introduce=False))


def test_zipf_has_a_few_who_do_most():
    """The busiest lead of a thousand does more than one in twenty facts, evenly spread none does."""

    def busiest(spread):
        keys = [told.key for told in facts(5_000, 1_000, spread, introduce=False)]
        return max(map(keys.count, set(keys))) / len(keys)

    assert busiest("zipf") > 0.05 > busiest("uniform")


@pytest.mark.parametrize(("share", "found"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share, found):
    """The nearest rank, never between two."""
    assert percentile(range(1, 101), share) == found


def test_delays_of_one_are_that_one():
    """However few there are."""
    assert delays([0.25]).p999 == delays([0.25]).p50 == 0.25


def spent(*walls, facts=100):
    return [Spent(facts=facts, wall=wall, cpu=wall / 2, rss=1.0) for wall in walls]


def test_a_ratio_compares_the_rounds_one_by_one():
    """A round in which the machine was slow for both changes nothing."""
    rounds = {"lane": spent(1.0, 10.0, 1.0), "quix": spent(2.0, 20.0, 3.0)}
    [ratio] = ratios(rounds, "wall").values()
    assert (ratio.median, ratio.least, ratio.most) == (2.0, 2.0, 3.0)


class Still:
    """A stand on which nothing runs: every side takes a second, and decides the same."""

    async def fill(self, name, _facts):
        return name

    async def ends(self, _topic):
        return {}

    async def round(self, _side, _source):
        return spent(1.0)[0]

    async def mark(self, _topic, _since):
        return "the same"


@pytest.mark.parametrize(("enough_s", "rounds"), [(-1.0, 1), (60.0, 3)])
def test_no_round_begins_once_it_is_enough(enough_s, rounds):
    """A quick run ends in time on a slow machine; the rounds that began are whole."""
    load = Load(facts=10, few=10, leads=10, spread="zipf", sides=("lane", "bare"), rounds=3, enough_s=enough_s)
    found = asyncio.run(alternate(Still(), load, lambda _: None))
    assert {side: len(each) for side, each in found.items()} == {"lane": rounds, "bare": rounds}


def test_a_side_with_fewer_facts_is_compared_by_the_fact():
    """A tenth of the facts in the same time is ten times slower."""
    rounds = {"lane": spent(1.0), "stock_faust": spent(1.0, facts=10)}
    assert ratios(rounds, "cpu")["stock_faust"].median == pytest.approx(10)
    assert speeds(rounds)["stock_faust"]["facts_per_second"] == pytest.approx(10)


def test_a_side_does_not_weigh_what_its_driver_holds():
    """The kernel hands a child the largest size of whoever made it."""
    ballast = b"x" * (300 << 20)
    asked = (sys.executable, "-c", "from tests.bench.span import largest; print(largest())")
    assert 0 < float(subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout) < len(ballast) >> 20


def test_only_what_was_measured_is_judged():
    """A target whose section is missing says nothing."""
    assert list(judged({})) == []
    [one] = judged({"facts_per_second": 18_000.0})
    assert one.verdict == "met"
    [one] = judged({"facts_per_second": 17_999.0})
    assert "missed" in one.verdict


def test_a_section_that_failed_keeps_its_old_figures_and_says_so_until_it_succeeds():
    """The other sections are written as ever."""
    machine, ok = {"seed": SEED, "machine": {}}, {"measured": {"alone": "then"}, "failed": {}}
    before = machine | ok | {"alone": {"replay_facts_per_second": 1.0, "mails_per_second": 1.0}}
    broken = beside(before, {"measured": {}, "failed": {"alone": "now: why"}})
    assert broken["alone"] == before["alone"]
    assert "- alone now: why" in page(broken)
    assert beside(broken, ok)["failed"] == {}


def test_every_section_has_its_table():
    """Whatever was measured is on the page."""
    waits = msgspec.to_builtins(delays([0.25]))
    few = dict.fromkeys(("recovery_seconds", "recovered_mib", "peak_mib", "cpu_microseconds_a_fact"), 1.5)
    few |= dict.fromkeys(("cpu_percent_nothing_due", "cpu_percent_few_due", "facts_per_second"), 2.5)
    found = {
        "scaling": {"1": {"facts_per_second": 7.0, "cpu_microseconds_a_fact": 8.0}},
        "leads": {count: few | {"tick_late_seconds": waits} for count in ("5000", "1000000")},
        "bulk": {"leads": 100_000, "seconds": 60.0, "before": waits, "beside": waits},
        "alone": {"replay_facts_per_second": 1.0, "mails_per_second": 1.0},
        "latency": {"500": dict.fromkeys(HOPS, waits)},
    }
    about = {"seed": SEED, "machine": {}, "measured": dict.fromkeys(found, "now")}
    titles = [line for line in page(found | about) if line.startswith("## ")]
    assert len(titles) == len(found) + 1


def test_only_what_is_between_the_marks_is_written_anew():
    """The rest of the README is somebody else's."""
    begin, end = "<!-- make bench writes this -->\n", "<!-- until here -->\n"
    assert between(f"a\n{begin}old\n{end}b\n", "new\n") == f"a\n{begin}new\n{end}b\n"
    assert between(f"a\n{begin}b\n", "new\n") == f"a\n{begin}b\n"


def test_the_work_of_every_side_is_the_journeys_own(tmp_path):
    """Facts become rows, and rows and facts become rows and commands: what frameworks do one by one."""
    order = Order(
        bootstrap="nobody:1", source="facts", facts=500, partitions=1, name="n", rows="rows", folder=tmp_path, core=0
    )
    work, rows, said = OneByOne(order), {}, set()
    told = facts(500, 20)
    for key, value in told:
        row, outs = work.fold(key, value, rows.get(key))
        rows[key] = row or rows[key]
        said |= {out.topic for out in outs}
    assert rows.keys() == {key for key, _ in told}
    assert said >= {DECISIONS, SENDS}


def test_live_traffic_is_understood():
    """Intake reads every message, and a form of each ten asks: one in fifty for what we have, with its send key."""
    events = traffic.messages(100, 7)
    read = [to_fact(event.value, START, str) for event in (*traffic.introductions(2), *events)]
    assert not [fact for fact in read if isinstance(fact, Rejected)]
    assert [bool(event.send_key) for event in events if event.asks] == 2 * [True, False, False, False, False]


def test_what_needs_no_broker_runs():
    """A history is folded again, and every shipped e-mail is written."""
    assert replayed(300, lines()) > 0
    assert written(30) > 0


def test_every_lead_that_only_exists_has_a_row():
    """A birth in every partition, a policy, and as many leads; all of them due some time."""
    rows = [row for part in leads_rows(0, 1_000, 1_000) for row in part]
    leads = [decode_lead(value) for key, value, *_ in rows if not key.startswith(b"\0")]
    assert len({lead.id for lead in leads}) == 1_000
    assert all(lead.due > START for lead in leads)


def test_every_target_has_a_name_of_its_own():
    """The page tells them apart."""
    assert len({target.says for target in TARGETS}) == len(TARGETS)
