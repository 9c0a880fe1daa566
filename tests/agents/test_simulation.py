"""``nurture simulate``: what it adds up is what the core decides, and every lead that goes in comes out or stays in."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agents.cli import main
from agents.history import read_facts
from agents.simulation.course import course
from agents.simulation.graph import mermaid
from agents.simulation.page import left
from agents.simulation.run import START, by_lead, run, sampled
from agents.simulation.tally import IN, OUT
from agents.workplace import load_workplace
from schemas.commands import LeaveProgram, SendContent, Skip
from schemas.facts import BasisGiven, LeadCreated
from schemas.units import DAY
from streams.journey.compiled import Compiled
from streams.journey.replay import digest
from streams.journey.simulate import simulate
from tests.journey.agreed import MONDAY, POLICY
from tests.journey.test_laws import ACTS

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests" / "facts.jsonl"
TEMPLATES = ROOT / "templates"


def nurture(*arguments, status=0):
    """What the command prints on standard output."""
    done = CliRunner().invoke(main, ["simulate", *map(str, arguments)])
    assert done.exit_code == status, done.output
    return done.stdout if status == 0 else done.output


def silent(_done, _total):
    """Nobody looks at the bar."""


def happened(acts, lead_id):
    """Facts of one lead: introduced, then these."""
    at = MONDAY
    about = {"lead_id": lead_id, "at": at, "seen": at}
    facts = [
        LeadCreated(id=f"{lead_id}-a", **about, traits={"email": f"{lead_id}@lead.example", "role": "director"}),
        BasisGiven(id=f"{lead_id}-b", **about, basis="consent", form="x", wording="v1"),
    ]
    for number, ((kind, parts), after) in enumerate(acts):
        at += after
        facts.append(kind(id=f"{lead_id}-{number}", lead_id=lead_id, at=at, seen=at, **parts))
    return facts


acts = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6 * DAY)), max_size=12)


@given(st.lists(acts, min_size=1, max_size=4))
def test_who_goes_in_comes_out_or_stays_and_every_number_is_the_cores(several):
    """Entered is left and still in; into each step as many as out of it or still there; sends and skips as decided."""
    histories = {f"l{n}": happened(each, f"l{n}") for n, each in enumerate(several)}
    simulated = run(POLICY, histories, 60, silent)
    for flow in simulated.flows:
        assert flow.entered == sum(flow.left.values()) + flow.still_in
        into, out = Counter({IN: flow.entered}), Counter()
        for before, to, count in flow.moves:
            into[to] += count
            out[before] += count
        there = {place: into[place] - out[place] for place in into if not place.startswith(OUT)}
        assert min(there.values(), default=0) >= 0
        assert sum(there.values()) == flow.still_in
    rows, facts = {}, [fact for each in histories.values() for fact in each]
    until = MONDAY + 60 * DAY
    lived = simulate(lambda: [fact for fact in facts if fact.seen <= until], POLICY, rows, until)
    commands = [command for one in lived for command in one.commands]
    assert simulated.digest == digest(rows)
    assert simulated.reasons == Counter(command.reason for command in commands if isinstance(command, Skip))
    sent = Counter((c.program, c.step) for c in commands if isinstance(c, SendContent) and c.kind == "nurture")
    told = {(flow.program, step.id): step.sent for flow in simulated.flows for step in flow.steps if step.sent}
    assert told == sent
    assert sum(week[name] for week in simulated.weeks for name in week) == sent.total()


def test_as_many_sample_leads_as_asked_for_with_addresses_of_their_own():
    """Each is one of the characters, on a day of the first week."""
    leads = load_workplace(TEMPLATES).leads
    made = sampled(leads, 100)
    addresses = [fact.traits.get("email") for facts in made.values() for fact in facts if isinstance(fact, LeadCreated)]
    assert (len(made), len(set(addresses))) == (100, 100)
    assert all(START <= facts[0].at < START + 7 * DAY for facts in made.values())
    assert set(sampled(leads, len(leads))) == set(leads)


def test_ten_thousand_leads_are_told_as_one_object():
    """Two runs, the same numbers; here with three hundred."""
    one, two = (json.loads(nurture("all", "--sample", "--count", 300, "--policy", TEMPLATES, "--json")) for _ in "12")
    assert one == two
    assert one["leads"] == 300
    assert {flow["program"] for flow in one["flows"]} == {"first-look", "build-the-case", "choose-well"}


def test_a_file_of_facts_is_lived_without_its_own_ticks():
    """The clock is simulated: what the file's pipeline looked at is not looked at again."""
    told = json.loads(nurture("all", "--leads", FACTS, "--policy", TEMPLATES, "--json", "--days", 365))
    assert told["volume"]["facts"] == sum(len(facts) for facts in by_lead(read_facts(FACTS)).values())
    assert told["volume"]["ticks"] > 0


def test_a_lead_can_be_looked_at_day_by_day():
    """Each decision with its moment, in order; the table of the one program that was asked for."""
    shown = nurture("first-look", "--sample", "--lead", "amira", "--policy", TEMPLATES)
    moments = re.findall(r"^  (\d{4}-\d\d-\d\d \d\d:\d\d) UTC  ", shown, re.MULTILINE)
    assert moments == sorted(moments)
    assert "enter first-look" in shown
    assert "night-load" in shown
    assert "choose-well  " not in shown


def test_the_graph_is_mermaid_with_numbers_on_the_way():
    """Every node is declared once, every edge leads from one to another."""
    policy = Compiled(load_workplace(TEMPLATES).policy)
    simulated = run(policy, sampled(load_workplace(TEMPLATES).leads, 60), 90, silent)
    for flow in simulated.flows:
        first, *lines = mermaid(flow).splitlines()
        nodes = [re.match(r"  (\w+)[(\[]", line)[1] for line in lines if "-->" not in line]
        edges = [re.fullmatch(r"  (\w+) -->\|([\d,]+)\| (\w+)", line) for line in lines if "-->" in line]
        assert first == "flowchart TD"
        assert len(set(nodes)) == len(nodes)
        assert all({edge[1], edge[3]} <= set(nodes) for edge in edges)
    assert nurture("first-look", "--sample", "--mermaid", "--policy", TEMPLATES).startswith("flowchart TD")


@pytest.mark.parametrize("days", [3, 9, 90])
def test_whoever_comes_to_a_place_leaves_it_goes_on_or_is_there(days):
    """Nobody is lost between two places of the drawing; what it says of a program is what the tally says."""
    workplace = load_workplace(TEMPLATES)
    simulated = run(Compiled(workplace.policy), sampled(workplace.leads, 60), days, silent)
    for flow in simulated.flows:
        places = list(course(flow))
        assert [place.id for place in places] == [IN, *(step.id for step in flow.steps)]
        assert [place.before for place in places] == ["", *(place.id for place in places[:-1])]
        assert min(place.here for place in places) >= 0
        assert sum(place.here for place in places) == flow.still_in
        gone = Counter(dict.fromkeys(flow.left, 0))
        for place in places:
            gone.update(dict(place.left))
        assert gone == flow.left
        came = sum(count for place in places for _, count in place.came)
        assert came == sum(count for before, to, count in flow.moves if before != to and not to.startswith(OUT))


def test_every_way_out_of_a_program_has_words():
    """Those that the core knows, and the names of goals."""
    ways = get_args(get_type_hints(LeaveProgram)["why"])
    assert all(" " in left(why) for why in ways)
    assert left("goal: asks") == "reached a goal: asks"


def test_the_page_needs_no_network_and_shows_what_leads_did(tmp_path):
    """No script, no link to anywhere; what leads wrote is text."""
    file = tmp_path / "report.html"
    nurture("all", "--sample", "--policy", TEMPLATES, "--html", file)
    html = file.read_text()
    assert not re.search(r"<script|src=|href=|url\(|@import", html)
    assert "flowchart TD" in html
    assert re.search(
        r'aria-label="How leads went through first-look">.*?<span>entered</span>.*?<b>night-load</b>', html, re.DOTALL
    )
    assert "night-load" in html
    assert "it is not a time to write where the lead is" in html


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("all",), "expected one: whose days are to be simulated?"),
        (("all", "--sample", "--leads", FACTS), "expected one: whose days are to be simulated?"),
        (("first-lok", "--sample"), 'did you mean "first-look"?'),
        (("all", "--sample", "--lead", "amirra"), 'did you mean "amira"?'),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(arguments, says):
    """Status 2, no traceback."""
    assert says in nurture(*arguments, "--policy", TEMPLATES, status=2)
