"""Backtests of small histories: labels, no peeking, refusals with a place and a remedy, and tables from anywhere."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agents.backtest.labels import OPEN, UNTAUGHT, Past, Terms, label_of
from agents.backtest.run import OneClassError, Question, backtest
from agents.backtest.trial import lived_through
from agents.cli import main
from agents.history import HistoryError
from schemas import facts as f
from schemas.codec import encode
from schemas.units import DAY
from streams.journey.simulate import simulate
from tests.journey.agreed import MONDAY, POLICY

NEVER = 1 << 62
WORKPLACE = Path(__file__).parents[1] / "olist" / "workplace"


def created(lead, day, **traits):
    at = MONDAY + day * DAY
    return f.LeadCreated(id=f"{lead}-created", lead_id=lead, at=at, seen=at, traits=traits)


def told(kind, lead, day, n=0, **says):
    at = MONDAY + day * DAY
    return kind(id=f"{lead}-{kind.__name__}-{day}-{n}", lead_id=lead, at=at, seen=at, **says)


def history():
    """Twelve leads: directors who look at prices and buy, others who do neither."""
    facts = []
    for n in range(12):
        lead, good = f"lead-{n}", n % 3 == 0
        facts.append(created(lead, n, role="director" if good else "clerk"))
        facts += (
            [told(f.PricingViewed, lead, n + 1 + k) for k in range(3)]
            if good
            else [told(f.PageViewed, lead, n + 1, path="/")]
        )
        facts.append(told(f.DealWon if good else f.DealLost, lead, n + 9))
    return facts


def kept(folder, facts, name="facts.jsonl"):
    file = folder / name
    file.write_bytes(b"".join(encode(fact) + b"\n" for fact in facts))
    return file


def asked(file, **more):
    return backtest(Question(files=[file], policy=POLICY, **more), lambda *_: None)


def test_who_looks_at_prices_and_leads_a_team_is_told_apart(tmp_path):
    """A policy that separates the two kinds has an area of one, whatever the order of the lines."""
    facts = history()
    answer, turned = asked(kept(tmp_path, facts)), asked(kept(tmp_path, facts[::-1], "turned.jsonl"))
    assert (answer.policy.auc, answer.judged.wins, answer.judged.judged) == (1.0, 4, 12)
    assert turned.policy == answer.policy


@given(
    st.integers(0, 25),
    st.lists(st.sampled_from([f.PricingViewed, f.DemoRequested, f.DealLost]), max_size=6),
    st.randoms(),
)
def test_no_peeking(since, more, dice):
    """Whatever is changed, shuffled or added from a label's time on, standings before it stay the same."""
    facts = [fact for fact in history() if fact.lead_id == "lead-3"]
    at = MONDAY + since * DAY
    past = Past(facts[0].seen, 0, won=max(at, facts[0].seen + 1))
    label = label_of(past, Terms(end=MONDAY + 99 * DAY))
    before = [fact for fact in facts if fact.seen < label.at]
    future = [
        told(kind, "lead-3", since + 1, n, **({"reason": "x"} if kind is f.DealLost else {}))
        for n, kind in enumerate(more)
    ]
    future = [fact for fact in future if fact.seen >= label.at] + [
        told(f.LeadUpdated, "lead-3", since + 2, traits={"role": "owner"})
    ]
    future.append(f.LeadUpdated(id="tie", lead_id="lead-3", at=label.at, seen=label.at, traits={"role": "clerk"}))
    dice.shuffle(future)
    standings = [
        lived_through(lived.__iter__, POLICY, {"lead-3": label}, {}, MONDAY + 99 * DAY).standings["lead-3"]
        for lived in (before, before + [fact for fact in future if fact.seen >= label.at])
    ]
    assert [(s.fit, s.engagement, s.stage, s.handed, s.known) for s in standings[:1]] == [
        (s.fit, s.engagement, s.stage, s.handed, s.known) for s in standings[1:]
    ]


@pytest.mark.parametrize(
    ("past", "positive", "expected"),
    [
        ({"won": 5, "lost": 3}, "won", ("won", 5, True)),
        ({"lost": 3, "rejected": 2}, "won", ("rejected", 2, False)),
        ({"accepted": 4}, "won", OPEN),
        ({"accepted": 4, "lost": 6}, "accepted", ("accepted", 4, True)),
        ({"untaught": 4}, "won", UNTAUGHT),
        ({}, "won", ("silent", 11, False)),
        ({"won": 12}, "won", ("silent", 11, False)),
    ],
)
def test_the_best_that_happened_is_the_label(past, positive, expected):
    """A win, else the first refusal that teaches, else silence; what comes after the end is not known."""
    found = label_of(Past(1, 0, **past), Terms(positive=positive, end=10))
    assert (found if isinstance(found, str) else (found.kind, found.at, found.win)) == expected


def test_what_was_handed_over_and_where_leads_end_is_told_of_those_that_are_judged(tmp_path):
    """With --since, leads that came earlier are in no number."""
    file, since = kept(tmp_path, history()), MONDAY + 4 * DAY
    everybody, later = asked(file), asked(file, since=since)
    assert (sum(everybody.policy.lifecycle.values()), sum(later.policy.lifecycle.values())) == (12, 8)
    assert 0 < later.policy.handoffs < everybody.policy.handoffs


def test_a_time_that_nobody_came_in_names_its_option(tmp_path):
    """The remedy is an earlier --since, not other facts."""
    with pytest.raises(OneClassError, match=r"left out: first seen before .*\. Choose an earlier --since"):
        asked(kept(tmp_path, history()), since=MONDAY + 999 * DAY)


def test_leads_without_an_outcome_are_told_where_a_no_has_facts_of_its_own(tmp_path):
    """Silence counts as a no: said, unless the young ones are left out already."""
    facts = [fact for fact in history() if fact.lead_id != "lead-11" or not isinstance(fact, f.DealLost)]
    file = kept(tmp_path, facts)
    said = run("backtest", file, "--policy", WORKPLACE)
    assert "1 without an outcome counts as a no: --ripe" in said
    assert "--ripe" not in run("backtest", file, "--policy", WORKPLACE, "--ripe", "30 days")


def test_labels_of_one_kind_are_refused_with_place_and_remedy(tmp_path):
    """Nothing can be told apart: which file, what was found, what to do."""
    file = kept(tmp_path, [fact for fact in history() if not isinstance(fact, f.DealWon)])
    with pytest.raises(OneClassError, match=r"facts\.jsonl: found labels of one kind only .*Deal Won"):
        asked(file)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{}", r"facts\.jsonl:37: "),
        (b'{"type":"page.viewed.v9","id":"a","lead_id":"b","at":1,"seen":1}', r"facts\.jsonl:37: .*page.viewed"),
        (
            b'{"type":"page.viewed.v1","id":"a","lead_id":"b","at":1700200000000,"seen":1700000000000,"path":"/"}',
            "after it was seen",
        ),
        (
            b'{"type":"page.viewed.v1","id":"a","lead_id":"b","at":1,"seen":1,"path":"/"}',
            "between the years 2000 and 2100",
        ),
    ],
)
def test_a_line_that_is_no_fact_is_refused_with_its_place(tmp_path, line, sentence):
    """File, line, what was found."""
    facts = history()
    file = kept(tmp_path, facts)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:36]) + line + b"\n")
    with pytest.raises(HistoryError, match=sentence.replace("37", str(min(36, len(facts)) + 1))):
        asked(file)


def test_a_table_is_not_taken_for_facts(tmp_path):
    """Whoever skips the mapping is told the command that is missing."""
    file = tmp_path / "leads.csv"
    file.write_text("id,won\n1,yes\n", encoding="utf-8")
    with pytest.raises(HistoryError, match=r"found a table, expected facts: make them with nurture ingest leads\.csv"):
        asked(file)


def test_simulation_makes_its_own_ticks():
    """Recorded ones are left out, and every lead is looked at when it is due."""
    facts = [*history(), f.Tick(id="t", lead_id="lead-0", at=1, seen=MONDAY, due=MONDAY)]
    lived = list(simulate(facts.__iter__, POLICY, {}, MONDAY + 300 * DAY))
    ticks = [one.fact for one in lived if isinstance(one.fact, f.Tick)]
    assert ticks
    assert all(tick.id != "t" and tick.seen == tick.due for tick in ticks)
    assert all(one.before.due == one.fact.due for one in lived if isinstance(one.fact, f.Tick))


# A table that nobody here has seen: other columns, an outcome of yes and no, American dates, one date for both.
MAPPING = """
name: gym
format: csv
lead: Member No
facts:
  - event: Lead Created
    topic: leads
    at: {column: Signup, format: "%m/%d/%Y", zone: America/New_York}
    fields: {origin: Heard From, landing_page: Club}
  - event: Deal Won
    topic: sales-feedback
    when: [{column: Joined?, in: ["Yes"]}]
    at: {column: Signup, format: "%m/%d/%Y", zone: America/New_York}
  - event: Deal Lost
    topic: sales-feedback
    when: [{column: Joined?, in: ["No"]}]
    at: {column: Signup, format: "%m/%d/%Y", zone: America/New_York}
"""


def gym(folder):
    rows = ["Member No,Signup,Heard From,Club,Joined?"]
    for n in range(400):
        heard = ("paid_search", "social", "email")[n % 3]
        joined = "Yes" if (n * 7) % 10 < (6 if heard == "paid_search" else 2) else "No"
        rows.append(f"M{n},{n // 40 + 1:02}/{n % 28 + 1:02}/2023,{heard},north,{joined}")
    (folder / "gym.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "gym.yaml").write_text(MAPPING, encoding="utf-8")
    return folder / "gym.csv", folder / "gym.yaml", folder / "gym.jsonl"


def run(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_any_table_with_an_outcome_column_is_judged_and_learned_from(tmp_path):
    """A mapping file is all it takes; the same table gives the same proposal, and nothing is written unasked."""
    table, mapping, facts = gym(tmp_path)
    run("ingest", table, "--map", mapping, "--to", facts)
    told_of = json.loads(run("backtest", facts, "--policy", WORKPLACE, "--json"))
    assert told_of["judged"]["judged"] == 400
    assert told_of["judged"]["labels"].keys() == {"won", "lost"}
    before = (WORKPLACE / "scoring.yaml").read_bytes()
    proposal = json.loads(run("calibrate", facts, "--policy", WORKPLACE, "--json"))
    points = {rule["rule"]: rule["after"] for rule in proposal["rules"]}
    assert points["from-paid-search"] > 10 > points["from-social"]
    assert proposal["judged"]["policy"]["auc"] > 0.6
    assert (WORKPLACE / "scoring.yaml").read_bytes() == before


def test_a_file_of_facts_is_seen_when_it_happened(tmp_path):
    """Of a history nobody knows more, and no broker is asked."""
    table, mapping, facts = gym(tmp_path)
    run("ingest", table, "--map", mapping, "--to", facts)
    lines = [msgspec.json.decode(line) for line in facts.read_bytes().splitlines()]
    assert len(lines) == 800
    assert all(line["seen"] == line["at"] for line in lines)


def test_two_policies_are_compared_lead_by_lead_on_one_page(tmp_path):
    """Page and summary hold both; the page asks for nothing from a network."""
    file, page = kept(tmp_path, history()), tmp_path / "page.html"
    said = run("backtest", file, "--policy", "templates", "--against", WORKPLACE, "--html", page)
    assert "leads differ" in said
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") >= 3
    assert "<b>-</b>" not in text, "what nobody knows has no tile"
    assert "src=" not in text
    assert "<link" not in text


def two_models(folder):
    """The workplace, and a second model beside it whose only rule is what the main one begins with."""
    shutil.copytree(WORKPLACE, folder)
    second = folder / "models" / "second"
    second.mkdir(parents=True)
    text = (folder / "scoring.yaml").read_text(encoding="utf-8")
    head, _, rules = text.partition("fit:\n  - id: ")
    paid = "from-paid-search" + rules.partition("from-paid-search")[2].partition("  - id: ")[0]
    (second / "scoring.yaml").write_text(f"{head}fit:\n  - id: {paid}engagement: []\n", encoding="utf-8")
    stages = (folder / "stages.yaml").read_text(encoding="utf-8")
    (second / "stages.yaml").write_text(stages.replace("40", "1").replace("60", "2"), encoding="utf-8")
    return folder


def test_each_model_is_learned_for_and_judged_apart(tmp_path):
    """Its file alone would change, and its points alone rank the leads; main stays as it is."""
    table, mapping, facts = gym(tmp_path)
    run("ingest", table, "--map", mapping, "--to", facts)
    place = two_models(tmp_path / "gym")
    found = json.loads(run("calibrate", facts, "--policy", place, "--model", "second", "--write", "--json"))
    assert [rule["rule"] for rule in found["rules"]] == ["from-paid-search"]
    assert "+++ b/gym/models/second/scoring.yaml" in found["diff"]
    assert (place / "scoring.yaml").read_bytes() == (WORKPLACE / "scoring.yaml").read_bytes()
    points = found["rules"][0]["after"]
    assert set(found["judged"]["policy"]["scores"]) == {"0", str(points)}
    alone = json.loads(run("backtest", facts, "--policy", place, "--model", "second", "--json"))
    assert set(alone["policy"]["scores"]) == {"0", str(points)}


def test_why_gives_each_model_a_line(tmp_path):
    """Stage, grade and points of one model never hang on another's line, and words have room on a narrow terminal."""
    table, mapping, facts = gym(tmp_path)
    run("ingest", table, "--map", mapping, "--to", facts)
    told = (
        CliRunner()
        .invoke(
            main,
            ["why", "M0", "--facts", str(facts), "--policy", str(two_models(tmp_path / "gym"))],
            env={"COLUMNS": "80"},
        )
        .stdout
    )
    lines = told.splitlines()
    assert [line.partition(" ")[0] for line in lines if ", grade " in line or " grade " in line] == ["M0", "second:"]
    assert [line[:6] for line in lines if "by policy" in line] == ["as of "]
    assert "second: Came by paid search" in told


@pytest.mark.parametrize(
    ("command", "more", "sentence"),
    [
        ("calibrate", ("--model", "second"), 'found no model "second", expected one of main'),
        ("backtest", ("--model", "second"), 'found no model "second" in the policy, expected one of main'),
        ("calibrate", ("--split", "2"), "expected a share between 0.05 and 0.95, or a date"),
        ("calibrate", ("--split", "soon"), 'found "soon", expected a share such as 0.7, or a date'),
        ("calibrate", ("--split", "2030-01-01"), "found all leads on one side of the split (2030-01-01)"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(tmp_path, command, more, sentence):
    """A model that nobody declared, a split that parts nothing."""
    file = kept(tmp_path, history())
    done = CliRunner().invoke(main, [command, str(file), "--policy", str(WORKPLACE), *more])
    assert done.exit_code == 2 or (done.exit_code == 1 and done.exception)
    assert sentence in (done.output or "") + str(done.exception)
