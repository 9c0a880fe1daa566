"""``nurture replay``, ``why`` and ``leads`` over a file of facts: what they print is what the fold concludes."""

import gzip
import json
import re
from codecs import BOM_UTF8
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.backtest.history import History
from agents.cli import main
from agents.history import HistoryError, Range, read_facts
from schemas.facts import PolicyApplied
from schemas.units import DAY, from_iso

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests" / "facts.jsonl"
OVER = ("--policy", str(ROOT / "templates"))


def nurture(*args, fails=False):
    """What the command prints."""
    done = CliRunner().invoke(main, list(map(str, args)))
    assert (done.exit_code != 0) is fails, done.output
    return done.output


def test_two_replays_give_one_digest_whatever_the_order_of_leads(tmp_path):
    """Leads apart or mixed, gzipped or not, it is the same history."""
    apart = tmp_path / "apart.jsonl"
    lines = sorted(FACTS.read_bytes().splitlines(keepends=True), key=lambda line: json.loads(line)["lead_id"])
    apart.write_bytes(b"".join(lines))
    told = [json.loads(nurture("replay", file, *OVER, "--json")) for file in (FACTS, FACTS, apart)]
    assert len({one["digest"] for one in told}) == 1
    assert told[0]["leads"] == 10


def test_why_adds_up_and_knows_no_future():
    """Contributions sum to both axes; with --at, what was seen later is left out."""
    told = json.loads(nurture("why", "lead-00003", "--facts", FACTS, *OVER, "--json"))
    standing = told["lead"]["standings"]["main"]
    assert sum(one["points"] for one in told["contributions"]) == standing["fit"] + standing["engagement"]
    early = json.loads(nurture("why", "lead-00003", "--facts", FACTS, *OVER, "--at", "2026-03-20", "--json"))
    assert early["lead"]["facts"] < told["lead"]["facts"]
    assert early["decisions"] == told["decisions"][: len(early["decisions"])]


def test_why_takes_an_address_and_does_not_repeat_it():
    """People know addresses, not ids; the id is what is shown."""
    created = next(fact for fact in read_facts(FACTS) if fact.lead_id == "lead-00003" and getattr(fact, "traits", None))
    shown = nurture("why", str(created.traits["email"]).upper(), "--facts", FACTS, *OVER)
    assert shown.startswith("lead-00003")
    assert "@" not in shown


def test_why_shows_grades_and_ages_points_to_the_moment_that_is_asked_for():
    """A grade for each model; a year later nothing that was done counts, sums hold, nothing more is decided."""
    asked = ("why", "lead-00004", "--facts", FACTS, *OVER)
    now, later = (json.loads(nurture(*asked, "--json", *at)) for at in ((), ("--at", "2027-10-01")))
    assert (now["grades"], later["grades"]) == ({"main": "B1"}, {"main": "B4"})
    assert later["as_of"] == from_iso("2027-10-01")
    standing = later["lead"]["standings"]["main"]
    assert ("engagement" in standing, standing["stage"]) == (False, "new")
    assert sum(one["points"] for one in later["contributions"]) == standing["fit"]
    assert later["decisions"] == now["decisions"]
    shown = nurture(*asked, "--at", "2027-10-01")
    assert "grade B4" in shown
    assert "as of 2027-10-01T00:00" in shown
    assert "facts" in nurture(*asked, "--at", "1 day ago")


def test_leads_are_found_by_grade():
    """As reps are told it."""
    found = nurture("leads", "--facts", FACTS, *OVER, "--where", "{field: grade, in: [A1, B1]}", "--json")
    assert [json.loads(line)["id"] for line in found.splitlines()] == ["lead-00004"]


def test_leads_are_counted_by_the_language_of_the_rules():
    """Every lead is counted once, and a mistake in the condition is told with its place."""
    everybody = nurture("leads", "--facts", FACTS, *OVER, "--json").splitlines()
    low = nurture(
        "leads", "--facts", FACTS, *OVER, "--where", "{field: engagement, at_most: 20}", "--json"
    ).splitlines()
    high = nurture("leads", "--facts", FACTS, *OVER, "--where", "{not: {field: engagement, at_most: 20}}", "--json")
    assert len(everybody) == len(low) + len(high.splitlines()) == 10
    assert '--where:1:2: found the key "feild"' in nurture(
        "leads", "--facts", FACTS, *OVER, "--where", "{feild: engagement}", fails=True
    )


def test_a_field_that_no_lead_has_is_told():
    """Nobody is found, and what was probably meant is said."""
    asked = ["leads", "--facts", FACTS, *OVER, "--where", "{any: [{field: contry, is: DE}, {field: stage, is: x}]}"]
    shown = CliRunner().invoke(main, asked)
    assert (shown.exit_code, shown.stdout) == (0, "no leads, as of 2026-03-29T12:00\n")
    assert shown.stderr.startswith('found the field "contry", which no lead has;')
    assert shown.stderr.endswith('did you mean "country"?\n')


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        (lambda lines: lines[::-1], r":\d+: found a fact seen .* days before one of the same lead above it"),
        (
            lambda lines: [moved(lines[0], at=40), *lines[1:]],
            r":1: found a fact that happened 40\.\d days after it was",
        ),
        (lambda lines: [moved(lines[0], at=90_000, seen=90_000)], r":1: found the times \d+ and \d+, expected "),
        (lambda lines: [lines[0].replace(b".v1", b".v9", 1)], r':1: found the type "lead.created.v9"'),
    ],
    ids=["out of order", "from the future", "absurd", "of an unknown version"],
)
@pytest.mark.parametrize("command", ["replay", "leads --facts", "why lead-00003 --facts"])
def test_a_history_that_cannot_be_is_refused_with_place_and_remedy(tmp_path, turn, sentence, command):
    """Out of order, from the future, of an unknown version: the line, what was found, what to do."""
    file = tmp_path / "facts.jsonl"
    file.write_bytes(b"".join(turn(FACTS.read_bytes().splitlines(keepends=True))))
    assert re.search(sentence, nurture(*command.split(), file, *OVER, fails=True))


def moved(line, **days):
    """A line with later times."""
    fact = json.loads(line)
    return json.dumps(fact | {name: fact[name] + n * 86_400_000 for name, n in days.items()}).encode() + b"\n"


def test_a_duplicate_counts_once(tmp_path):
    """Every line twice is the same history."""
    doubled = tmp_path / "doubled.jsonl"
    lines = FACTS.read_bytes().splitlines(keepends=True)
    doubled.write_bytes(b"".join(line for line in lines for _ in range(2)))
    once, twice = (json.loads(nurture("replay", file, *OVER, "--json"))["digest"] for file in (FACTS, doubled))
    assert once == twice


def test_the_lifecycle_is_shown_and_asked_for():
    """``why`` names the state and every crossing; ``leads`` takes it in a condition."""
    shown = nurture("why", "lead-00003", "--facts", FACTS, *OVER)
    assert "lifecycle inquiry → mql (" in shown
    states = [
        json.loads(line)["lifecycle"] for line in nurture("leads", "--facts", FACTS, *OVER, "--json").splitlines()
    ]
    mqls = nurture("leads", "--facts", FACTS, *OVER, "--where", "{field: lifecycle, is: mql}", "--json").splitlines()
    assert 0 < len(mqls) == states.count("mql") < len(states)


@pytest.mark.parametrize("line", [b"{", b'{"type":"page.veiwed.v1"}', b"\xff"])
def test_a_bad_line_is_told_with_its_place(tmp_path, line):
    """File, line, what was found."""
    file = tmp_path / "facts.jsonl"
    file.write_bytes(FACTS.read_bytes().splitlines(keepends=True)[0] + line + b"\n")
    with pytest.raises(HistoryError, match=r"facts\.jsonl:2: found"):
        list(read_facts(file))


def cut(packed):
    return packed[: len(packed) // 2]


def spoilt(packed):
    return packed[:40] + bytes([packed[40] ^ 255]) + packed[41:]


@pytest.mark.parametrize("harm", [cut, spoilt, lambda _: b"no gzip"])
@pytest.mark.parametrize("command", ["replay", "leads --facts", "why lead-00003 --facts", "backtest"])
def test_a_gzipped_file_that_is_not_whole_is_refused(tmp_path, harm, command):
    """Cut off, spoilt, or none: a sentence with the file, never a traceback."""
    file = tmp_path / "facts.jsonl.gz"
    file.write_bytes(harm(gzip.compress(FACTS.read_bytes())))
    done = CliRunner().invoke(main, [*command.split(), str(file), *OVER])
    assert done.exit_code == 2
    assert done.output.startswith(f"Error: {file}: cannot be read (")


def test_a_byte_order_mark_is_no_part_of_a_fact(tmp_path):
    """Editors write one; every reader of facts passes it by."""
    file, packed = tmp_path / "facts.jsonl", tmp_path / "facts.jsonl.gz"
    file.write_bytes(BOM_UTF8 + FACTS.read_bytes())
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert list(read_facts(file)) == list(read_facts(packed)) == list(read_facts(FACTS))
    for one in (file, packed, FACTS):
        with History([one], {}, lambda _: None) as history:
            assert len(list(history.facts(lambda _: None))) == len(history)
            assert next(iter(history.facts(lambda _: None))).id == next(read_facts(FACTS)).id


def test_a_range_is_what_was_seen_in_it(tmp_path):
    """From a moment on, before another: as if the file held these lines alone; the whole range is the file."""
    file, middle = tmp_path / "some.jsonl", from_iso("2026-03-20")

    def same(line):
        return middle <= json.loads(line)["seen"] < middle + DAY

    file.write_bytes(b"".join(line for line in FACTS.read_bytes().splitlines(keepends=True) if same(line)))
    ranges = ["--since", "2026-03-20", "--until", "2026-03-21"], ["--since", "2000-01-01", "--until", "2099-01-01"]
    part, whole = (json.loads(nurture("replay", FACTS, *OVER, "--json", *only)) for only in ranges)
    alone, all_ = (json.loads(nurture("replay", one, *OVER, "--json")) for one in (file, FACTS))
    assert part["digest"] == alone["digest"] != whole["digest"] == all_["digest"]
    assert Range(since=middle).holds(PolicyApplied(id="p", lead_id="-", at=1, seen=1, policy="x"))


def test_nothing_to_replay_is_told(tmp_path):
    """Neither an empty file nor a table gives a digest."""
    empty, table = tmp_path / "empty.jsonl", tmp_path / "leads.csv"
    empty.write_bytes(b"")
    table.write_bytes(b"id,won\n")
    assert "found no fact about a lead" in nurture("replay", empty, *OVER, fails=True)
    assert "found a table, expected facts" in nurture("replay", table, *OVER, fails=True)


def test_facts_from_the_future_are_told(tmp_path):
    """A fold takes them, since it knows no clock; who asks is warned."""
    file = tmp_path / "facts.jsonl"
    lines = FACTS.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines) + moved(lines[0].replace(b'"id":"', b'"id":"again-'), at=20_000, seen=20_000))
    asked = ["replay", str(file), *OVER, "--json"]
    assert "found facts seen up to 2080-" in CliRunner().invoke(main, asked).stderr
