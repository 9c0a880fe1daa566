"""Loading a workplace: the shipped one is sound, and each rule is silent beside a mistake and speaks at it."""

import datetime as dt
from pathlib import Path

import pytest

from agents.check.manual import manual, page
from agents.cli.leads import fields_of
from agents.workplace import Workplace, load_workplace
from schemas.facts import LeadCreated
from schemas.lead import Lead
from schemas.lifecycle import RESERVED, STANDING
from schemas.policy import models_of
from schemas.sample import history_of
from tests.agents.cases import CASES, EXAMPLES
from tests.agents.workplaces import SMALL, edited, written

TEMPLATES = Path(__file__).parents[2] / "templates"


def place_of(text: str, point: str) -> str:
    """Line and column, from 1, of a piece of a text."""
    before = text[: text.index(point)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def problems(folder: Path) -> list[str]:
    """What is said of a workplace, without the folder's own path."""
    loaded = load_workplace(folder)
    found = loaded.warnings if isinstance(loaded, Workplace) else loaded
    return [str(problem).removeprefix(f"{folder}/") for problem in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}:{case.file}")
def test_a_rule_is_silent_beside_a_mistake_and_speaks_at_it(tmp_path, case):
    """One ok and one err case; the place is the author's line and column, and the manual's example says so."""
    assert case.complaints(tmp_path / "ok", case.fine) == []
    said = case.complaints(tmp_path / "err", case.wrong)
    assert said
    if EXAMPLES[case.rule] is case:
        assert f"\n{said[0]}\n" in page(case.rule), "MANUAL.md differs; run: python -m tests.manual"
    if case.point:
        name = case.where or case.file
        text = (tmp_path / "err" / "now" / name).read_text()
        assert [line.split(" ")[0] for line in said] == [f"{name}:{place_of(text, case.point)}:"]


def test_every_rule_has_its_cases():
    """Two lists, compared: what the manual teaches, and what is tried here."""
    assert set(manual()) ^ set(EXAMPLES) == set()


@pytest.mark.parametrize(
    ("text", "rule"), [("unsubscribe_url", "no-unsubscribe"), ("brand.postal_address", "no-postal-address")]
)
@pytest.mark.parametrize("part", ["letter.txt", "letter.mjml"])
def test_both_parts_of_a_letter_hold_what_the_law_asks_for(tmp_path, part, text, rule):
    """A layout without the link or the address is pointed out for each e-mail to leads, not for those to reps."""
    folder = written(tmp_path)
    layout = folder / "layouts" / part
    layout.write_text(layout.read_text().replace("{{ " + text + " }}", "https://oak.example"))
    places = [line.split(":")[0] for line in problems(folder) if f"[{rule}]" in line]
    assert places == ["emails/again.md", "emails/hello.md"]


def test_a_model_has_a_folder_and_is_held_to_the_same_rules(tmp_path):
    """Its own points, stages and programs; what is wrong in it is said of its files."""
    folder = written(
        tmp_path,
        **{
            "models/cold/scoring.yaml": SMALL["scoring.yaml"],
            "models/cold/stages.yaml": SMALL["stages.yaml"].replace("id: aware", "id: curious"),
            "programs/chill.yaml": SMALL["programs/look.yaml"].replace(
                "stages: [aware]", "model: cold\nstages: [curious]"
            ),
            "lifecycle.yaml": SMALL["lifecycle.yaml"].replace(
                "qualified_from: [aware]", "qualified_from: [aware, curious]"
            ),
        },
    )
    loaded = load_workplace(folder)
    assert isinstance(loaded, Workplace), "\n".join(map(str, loaded))
    assert list(models_of(loaded.policy)) == ["main", "cold"]
    (folder / "programs/chill.yaml").unlink()
    assert [line.split(":")[0] for line in problems(folder)] == ["models/cold/stages.yaml"], "its leads hear nothing"
    (folder / "lifecycle.yaml").write_text(SMALL["lifecycle.yaml"])
    (folder / "models/cold/scoring.yaml").write_text(
        SMALL["scoring.yaml"].replace("on: pricing.viewed", "on: pricing.seen")
    )
    (folder / "programs/chill.yaml").write_text(
        SMALL["programs/look.yaml"].replace("name: Look", "name: Look\nmodel: cold")
    )
    found = [(line.split(":")[0], line.rpartition("[")[2]) for line in problems(folder)]
    assert found == [
        ("lifecycle.yaml", "late-qualification]"),
        ("models/cold/scoring.yaml", "unknown-event]"),
        ("programs/chill.yaml", "unknown-stage]"),
    ]


def test_what_conditions_call_ours_is_reserved():
    """A trait of such a name would be hidden, in the lifecycle and in `nurture leads --where`."""
    assert {*fields_of(Lead(id="ada")), *STANDING, "grade"} == RESERVED


def test_opens_are_life_where_nobody_is_left_alone(tmp_path):
    """Without a sunset, a rule on opens may count as interest."""
    opens = "  - {id: opens, says: Opens, on: email.opened, points: 1}\n  - {id: pricing"
    folder = edited(tmp_path, "scoring.yaml", "  - {id: pricing", opens)
    assert not any("[opens-as-life]" in line for line in problems(folder))


def test_the_shipped_workplace_has_nothing_to_complain_of():
    """Three programs, nine nurture e-mails or more, six sample leads, and no warning on the day of this release."""
    workplace = load_workplace(TEMPLATES, dt.date(2026, 11, 23))
    assert isinstance(workplace, Workplace), "\n".join(map(str, workplace))
    assert workplace.warnings == ()
    kinds = [email.kind for email in workplace.policy.emails.values()]
    assert (len(workplace.policy.programs), kinds.count("nurture") >= 9, len(workplace.leads)) == (3, True, 6)


def test_sample_leads_have_histories_that_could_have_happened():
    """Each is a list of facts in order, beginning with the lead."""
    workplace = load_workplace(TEMPLATES)
    for name, lead in workplace.leads.items():
        history = history_of(lead, name, 1_700_000_000_000)
        assert isinstance(history[0], LeadCreated)
        assert [fact.at for fact in history] == sorted(fact.at for fact in history)
        assert len({fact.id for fact in history}) == len(history)


def test_every_mistake_is_told_at_once_and_in_order(tmp_path):
    """Mistakes in three files, of three kinds: all are there, sorted by place."""
    changes = {"brand.yaml": "name: [", "programs/look.yaml": "name: x\nsteps: y\n", "emails/again.md": "no fence"}
    found = problems(written(tmp_path, **changes))
    assert [line.split(":")[0] for line in found] == sorted(line.split(":")[0] for line in found)
    assert {line.split(":")[0] for line in found} == set(changes)


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("scoring.yaml", '"tracked:trial-started"', '"tracked:trial-begun"', "unknown-event"),
        ("scoring.yaml", "field: role, is: boss", "field: role, is: bos", "unlike-value"),
        ("scoring.yaml", "employees, at_least: 200", "employees, contains: x", "unlike-test"),
    ],
)
def test_a_mistake_in_a_condition_is_told_once(tmp_path, file, old, new, rule):
    """Nothing is said of the properties of an event that nobody knows, nor of what cannot be compared."""
    assert [line.rpartition("[")[2] for line in problems(edited(tmp_path, file, old, new))] == [f"{rule}]"]


def test_a_mistake_in_one_file_is_not_reported_as_two(tmp_path):
    """An e-mail that cannot be read still exists for the program that sends it."""
    found = problems(edited(tmp_path, "emails/again.md", "subject: Again", "subject:"))
    assert [line.split(":")[0] for line in found] == ["emails/again.md"]


def test_stages_that_cannot_be_read_are_expected_by_no_test(tmp_path):
    """What a program's test names is looked up once stages.yaml can be read."""
    program = SMALL["programs/look.yaml"] + "tests: [{says: x, expect: [{moves_to: ready}]}]\n"
    stages = SMALL["stages.yaml"].replace("agreed_by: [ines@example.com]\n", "")
    found = problems(written(tmp_path, **{"programs/look.yaml": program, "stages.yaml": stages}))
    assert [line.rpartition("[")[2] for line in found] == ["missing-key]"]


@pytest.mark.parametrize("name", ["brand.yaml", "scoring.yaml", "emails/handoff-notice.md", "layouts/letter.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    """What must be there and is not, is said by path."""
    assert any(line.startswith(f"{name}:1:1: found no") for line in problems(written(tmp_path, **{name: None})))


@pytest.mark.parametrize("name", ["programs/x.yml", "emails/Hello.md", "leads/a b.yaml", "layouts/x.html"])
def test_a_stray_file_is_named(tmp_path, name):
    """A file that nobody would read is a mistake, not silence."""
    assert any(line.startswith(f"{name}:1:1: found") for line in problems(written(tmp_path, **{name: "x"})))


def test_a_folder_that_is_none_is_one_sentence(tmp_path):
    """No traceback, and no list of everything that is missing."""
    assert len(load_workplace(tmp_path / "nowhere")) == 1


def test_review_dates_warn_fourteen_days_ahead(tmp_path):
    """Content is looked at again by a day its owner set; until then nobody is stopped by it."""
    folder = written(tmp_path)
    early, late = (load_workplace(folder, dt.date(2027, 3, day)) for day in (16, 17))
    assert [len(workplace.warnings) for workplace in (early, late)] == [0, 13]


def test_the_policy_knows_an_email_by_its_hash(tmp_path):
    """One letter more in the body, and the policy is another one."""
    before = load_workplace(written(tmp_path / "a")).policy.emails["again"].source_hash
    after = (
        load_workplace(edited(tmp_path / "b", "emails/again.md", "more.", "more!")).policy.emails["again"].source_hash
    )
    assert before != after
