"""``nurture coverage``: what buyers ask, what answers it, and how many leads stand where nothing does."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import main
from agents.coverage import OTHERS, cells, standing_of
from agents.workplace import load_workplace
from schemas.lead import Lead, Standing
from schemas.questions import Journey
from schemas.read import read
from tests.agents.workplaces import edited, written

FACTS = Path(__file__).parents[1] / "facts.jsonl"
JOURNEY = read(
    "journey.yaml",
    """owner: ines@example.com
review_by: 2027-03-31
personas:
  - {id: boss, says: Decides, when: {field: role, in: [boss, chair]}}
  - {id: chair, says: Never the first, when: {field: role, is: chair}}
questions:
  - {asks: What is it worth?, stage: aware, personas: [boss]}
  - {asks: Who has it?, stage: aware}
  - {asks: Is it safe?, stage: keen}
""",
    Journey,
)


class Source:
    """An e-mail, as far as the map asks."""

    def __init__(self, question, persona=""):
        self.question, self.persona, self.meta = question, persona, self


def test_a_question_without_personas_is_everybody_s():
    """A cell for each stage and persona, and for the others; a question of some is asked by those alone."""
    assert isinstance(JOURNEY, Journey)
    found = {(c.stage, c.persona): [q.asks for q in c.questions] for c in cells(JOURNEY, ["aware", "keen"], {}, None)}
    both = ["What is it worth?", "Who has it?"]
    assert found == {
        ("aware", "boss"): both,
        ("aware", "chair"): both[1:],
        ("aware", OTHERS): both[1:],
        ("keen", "boss"): ["Is it safe?"],
        ("keen", "chair"): ["Is it safe?"],
        ("keen", OTHERS): ["Is it safe?"],
    }


def test_an_email_for_one_persona_answers_nobody_else():
    """One for everybody answers wherever its question is asked; a cell without any is empty."""
    emails = {"a": Source("Who has it?", "boss"), "b": Source("Is it safe?"), "c": Source("Something else")}
    found = {(c.stage, c.persona): c for c in cells(JOURNEY, ["aware", "keen"], emails, None)}
    assert (found["aware", "boss"].answered, found["aware", "boss"].emails) == (1, {"a"})
    assert [at for at, cell in found.items() if cell.empty] == [("aware", "chair"), ("aware", OTHERS)]


@pytest.mark.parametrize(("role", "persona"), [("boss", "boss"), ("chair", "boss"), ("clerk", OTHERS), (None, OTHERS)])
def test_a_lead_is_the_first_persona_that_holds(role, persona):
    """And one of the others when none does."""
    lead = Lead(id="x", traits={"role": role}, standings={"main": Standing(stage="aware")})
    assert standing_of(JOURNEY, [lead]) == {("aware", persona): 1}


def run(*arguments):
    """The command's answer."""
    return CliRunner().invoke(main, ["coverage", *map(str, arguments)])


def test_every_lead_of_a_file_stands_in_one_cell():
    """Ten leads, and the shipped map answers every question that it asks."""
    result = run("--facts", FACTS, "--json")
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in result.output.splitlines()]
    assert sum(cell["leads"] for cell in found) == 10
    assert [q["asks"] for cell in found for q in cell["questions"] if not q["answered_by"]] == []


def test_the_table_names_what_is_missing(tmp_path):
    """Questions without an answer, and stages where leads are nurtured and nothing can be said to some."""
    answer = "question: What is it worth?\n"
    shown = run("--policy", edited(tmp_path, "emails/again.md", answer, "")).output
    assert "unanswered  aware, boss: What is it worth?" in shown
    assert "empty  aware, others\n" in shown
    assert "empty  ready" not in shown


def test_a_workplace_without_a_map_is_a_sentence(tmp_path):
    """Status 2, and what is expected where."""
    again = "---\nowner: a@b.example\nreview_by: 2027-03-31\nsubject: Again\nlayout: letter\n---\nOnce more.\n"
    folder = written(tmp_path, **{"journey.yaml": None, "emails/again.md": again})
    assert load_workplace(folder).journey is None
    result = run("--policy", folder)
    assert (result.exit_code, "expected the questions that buyers ask" in result.output) == (2, True)
    assert run("--facts", FACTS, "--live").exit_code == 2
