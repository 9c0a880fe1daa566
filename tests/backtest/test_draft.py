"""Workplaces drafted from tables that nobody has scored: fields, rules, points and stages, out of a mapping alone."""

import random
from datetime import date

import pytest
from click.testing import CliRunner

from agents.backtest.calibrate import Wish
from agents.backtest.draft import draft as drafted
from agents.backtest.levels import Known, rules_of
from agents.backtest.proposal import split_in
from agents.cli import main
from schemas.codec import encode
from schemas.facts import DealWon, LeadCreated
from schemas.units import HOUR, from_iso, iso

JANUARY = from_iso("2024-01-01")

# As spreadsheets write them: no id, no date, semicolons, a byte order mark, decimal commas, cells of two lines, n/a.
MAPPING = """
name: shop
format: csv
delimiter: ";"
row_is_lead: true
empty: [n/a]
facts:
  - event: Lead Created
    topic: leads
    at: {by_row: 2024-01-01}
    fields:
      trade: Gewerk
      turnover: {column: Umsatz, as: number, decimal: ","}
      member: {column: Mitglied, as: yes_no, values: {ja: true, nein: false}}
      note: Notiz
  - event: Deal Won
    topic: sales-feedback
    at: {by_row: 2024-01-01}
    when: [{column: Converted, in: ["Ja"]}]
"""


def shop(folder, outcome=lambda _: None):
    dice, rows = random.Random(7), ["Gewerk;Umsatz;Mitglied;Notiz;Converted"]
    for n in range(900):
        trade = dice.choice(["Käserei", "käserei", "Mühle", "n/a", "Bäckerei"])
        likely = 0.6 if trade.lower() == "käserei" else 0.1
        won = outcome(n) or ("Ja" if dice.random() < likely else "Nein")
        turnover = f"1.{dice.randrange(100, 999)},50" if n % 9 else ""
        rows.append(f'{trade};{turnover};{dice.choice(["ja", "nein"])};"ruft an\nam {n}.";{won}')
    (folder / "shop.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    (folder / "shop.yaml").write_text(MAPPING, encoding="utf-8")
    done = told("ingest", folder / "shop.csv", "--map", folder / "shop.yaml", "--to", folder / "shop.jsonl")
    assert (done.exit_code, "900 told, 0 bad" in done.output) == (0, True), done.output
    return folder / "shop.jsonl"


def told(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_mapping_is_all_that_a_table_needs(tmp_path):
    """The draft passes check, holds what parts the leads, and finds winners among those that it did not learn from."""
    facts, place = shop(tmp_path), tmp_path / "mine"
    done = told("draft", facts, "--to", place)
    assert done.exit_code == 0, done.output
    assert "learned from 630 leads" in done.output
    assert told("check", place).exit_code == 0
    scoring = (place / "scoring.yaml").read_text(encoding="utf-8")
    assert 'when: {field: trade, is: "Mühle"}' in scoring
    assert "when: {field: turnover, known: false}" in scoring
    judged = told("backtest", facts, "--policy", place, "--json").output
    assert '"auc":0.7' in judged or '"auc":0.8' in judged


def dated(folder, rows):
    """Facts of (fields, won), one lead an hour."""
    file = folder / "leads.jsonl"
    with file.open("wb") as out:
        for n, (fields, won) in enumerate(rows):
            at = JANUARY + n * HOUR
            out.write(encode(LeadCreated(id=f"c{n}", lead_id=f"l{n}", at=at, seen=at, traits=fields)) + b"\n")
            if won:
                out.write(encode(DealWon(id=f"w{n}", lead_id=f"l{n}", at=at, seen=at)) + b"\n")
    return file


def each(name, *values):
    return [{name: value} for value in values]


@pytest.mark.parametrize(
    ("table", "late", "rule"),
    [
        (each("trade", "mill", "bakery"), {}, "trade-bakery"),
        (each("turnover", *range(50)), {}, "turnover-from-25"),
        ([{"a": True, "b": True}, {"a": False, "b": False}, {"a": False, "b": True}], {}, "a-yes"),
        (each("trade", "Größe", "A", "Größe", "A!", "Größe", "A 2"), {}, "trade-a-3"),
        (each("trade", "mill", "bakery"), {"trade": "Größe"}, "trade-grosse"),
    ],
)
def test_a_table_of_one_column_is_enough(tmp_path, table, late, rule):
    """Texts, a number, two yes or no, values that read alike; one that came too late to learn from gets no points."""
    rows = [(table[n % len(table)], n // len(table) % 10 < (5 if n % len(table) % 2 else 2)) for n in range(600)]
    file = dated(tmp_path, [*rows[:450], *((late or fields, won) for fields, won in rows[450:])])
    found = drafted([file], tmp_path / "mine", Wish(), date(2026, 1, 1), lambda *_: None)
    assert len({one.rule for one in found.rules}) == len(found.rules)
    assert [one.after == 0 for one in found.rules if one.rule == rule] == [bool(late)]
    assert found.judged.policy.handoffs > 0
    assert told("check", tmp_path / "mine").exit_code == 0


def test_a_field_that_is_the_outcome_is_named(tmp_path):
    """Whoever drafts with it is told, since it foretells everything; a field that only helps is not told."""
    rows = [({"label": n % 3 == 0, "trade": ("mill", "bakery")[n // 10 % 2]}, n % 3 == 0) for n in range(600)]
    done = told("draft", dated(tmp_path, rows), "--to", tmp_path / "mine")
    assert '"label yes": every one won. Was it known before the outcome?' in done.output
    assert '"trade' not in done.output


def test_leads_that_a_policy_was_learned_from_do_not_judge_it_in_silence(tmp_path):
    """What was drafted says so in its first line, and a backtest of them warns, with the option that leaves them out."""
    rows = [({"trade": ("mill", "bakery")[n // 10 % 2]}, n % 10 < (5 if n // 10 % 2 else 2)) for n in range(600)]
    file, place = dated(tmp_path, rows), tmp_path / "mine"
    drafted([file], place, Wish(), date(2026, 1, 1), lambda *_: None)
    split = split_in((place / "scoring.yaml").read_text(encoding="utf-8"))
    assert split == iso(JANUARY + 420 * HOUR)
    all_, later = (told("backtest", file, "--policy", place, *since) for since in ((), ("--since", split)))
    assert f"was learned from, expected others: --since {split}" in all_.stderr
    assert later.stderr == ""
    assert "judged 180 leads" in later.stdout
    again = told("calibrate", file, "--policy", place, "--split", "0.5", "--write")
    assert again.exit_code == 0
    text = (place / "scoring.yaml").read_text(encoding="utf-8")
    assert (split_in(text), text.count("Learned from")) == (iso(JANUARY + 300 * HOUR), 1)


def test_a_draft_overwrites_nobodys_work(tmp_path):
    """A folder with files in it is refused, and left as it is."""
    facts, place = shop(tmp_path), tmp_path / "mine"
    place.mkdir()
    (place / "scoring.yaml").write_text("mine", encoding="utf-8")
    done = told("draft", facts, "--to", place)
    assert (done.exit_code, "expected a folder that is new or empty" in done.output) == (2, True)
    assert (place / "scoring.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("outcome", "least", "sentence"),
    [
        (lambda _: "Ja", 20, "found labels of one kind only (900 won)"),
        (lambda _: "Nein", 20, "found labels of one kind only (900 silent)"),
        (lambda n: "Ja" if n > 800 else "Nein", 20, "found labels of one kind only among what was known"),
        (lambda _: None, 600, "found no field that parts the leads"),
    ],
)
def test_leads_that_teach_nothing_are_refused_and_nothing_is_written(tmp_path, outcome, least, sentence):
    """One class, wins too late to learn from, fields that part nobody: a sentence, and no half of a workplace."""
    done = told("draft", shop(tmp_path, outcome), "--to", tmp_path / "mine", "--least", least)
    assert (done.exit_code, sentence in done.output) == (2, True), done.output
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("values", "tests"),
    [
        (["a"] * 5 + ["B"] * 3 + ["b"], ['is: "B"']),
        (["a"] * 2 + ["b"] * 3, ['is: "b"', 'is: "a"']),
        ([True] * 4 + [False] * 4, ["is: true", "known: false"]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], ["at_least: 3", "at_least: 6", "at_least: 8"]),
        ([1] * 10, []),
        (["a"] * 10, []),
        ([f"{n}" for n in range(10)], []),
    ],
)
def test_levels_are_what_some_have_and_others_have_not(values, tests):
    """Beside the commonest, capitals aside; numbers by quarters; a constant and a name of one's own say nothing."""
    known = Known()
    for value in values:
        known.note(value)
    found = [rule.when for rule in rules_of("it", known, 10, 2)]
    assert found == [f"{{field: it, {test}}}" for test in tests]


def test_what_a_draft_is_made_of_is_beside_it(tmp_path):
    """The folder that is copied holds whole files: brand, lifecycle, sales and sending."""
    place = tmp_path / "mine"
    told("draft", shop(tmp_path), "--to", place)
    names = {path.name for path in place.iterdir()}
    assert names == {
        f"{name}.yaml" for name in ("brand", "catalogue", "lifecycle", "sales", "scoring", "sending", "stages")
    }


def test_points_that_part_nobody_are_said_so(tmp_path):
    """A policy that knows none of the fields says what to do; it does not only print an area of one half."""
    done = told("backtest", shop(tmp_path), "--policy", "templates")
    assert "every lead has the same points: no rule of templates parts these leads" in done.output.replace(
        "\n", " "
    ).replace("  ", " ")
