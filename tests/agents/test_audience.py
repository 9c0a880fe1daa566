"""Whom a program is for: personas of journey.yaml, and what the program says itself, as one condition of the policy."""

import json

import pytest
from click.testing import CliRunner

from agents.check.audience import audience
from agents.cli import main
from agents.workplace import load_workplace
from schemas.authored import When
from schemas.policy import policy_hash
from schemas.program import Program, Step
from schemas.questions import Journey, Persona, Question
from streams.journey.predicate import compile_when
from tests.agents.workplaces import OWNED, SMALL, written

ALL = When()
GERMAN = When(field="country", is_="DE")
JOURNEY = Journey(
    owner="ines@example.com",
    review_by="2027-03-31",
    personas=tuple(
        Persona(id=role, says="x", when=when)
        for role, when in (
            ("energy", When(field="role", in_=("energy manager", "consultant"))),
            ("large", When(field="employees", at_least=200)),
            ("money", When(field="role", is_="finance director")),
        )
    ),
    questions=(Question(asks="x", stage="aware"),),
)


def program(*personas, when=ALL):
    """One of a single step."""
    step = Step(id="a", email="a")
    owned = {"owner": "ines@example.com", "review_by": "2027-03-31", "name": "x", "stages": ("aware",)}
    return Program(**owned, personas=personas, when=when, steps=(step,))


@pytest.mark.parametrize(
    ("personas", "when", "roles"),
    [
        ((), ALL, {"large consultant", "small consultant", "large director", "small director", "clerk"}),
        (("energy",), ALL, {"large consultant", "small consultant"}),
        (("large",), ALL, {"large director"}),
        (("money",), ALL, {"small director"}),
        (("money", "large"), ALL, {"large director", "small director"}),
        (("energy", "money"), ALL, {"large consultant", "small consultant", "small director"}),
        (("energy", "money"), GERMAN, {"small consultant"}),
        ((), GERMAN, {"small consultant", "large director"}),
    ],
)
def test_a_lead_is_the_first_persona_that_it_can_be(personas, when, roles):
    """So whoever is large and sees to energy is no other persona; the program's own condition holds beside."""
    leads = {
        "large consultant": {"role": "consultant", "employees": 300},
        "small consultant": {"role": "consultant", "country": "DE"},
        "large director": {"role": "finance director", "employees": 300, "country": "DE"},
        "small director": {"role": "finance director", "employees": 20},
        "clerk": {"role": "clerk"},
    }
    test = compile_when(audience(program(*personas, when=when), JOURNEY))
    found = {name for name, traits in leads.items() if test is None or test(traits, None)}
    assert found == roles


def test_a_policy_has_a_program_s_personas_in_its_condition(tmp_path):
    """It says whom they are, so a persona that is described otherwise is another policy; a program without has the same."""
    look = SMALL["programs/look.yaml"]
    plain, boss = load_workplace(written(tmp_path / "a")), load_workplace(
        written(tmp_path / "b", **{"programs/look.yaml": look.replace("name: Look\n", "name: Look\npersonas: [boss]\n")})
    )  # fmt: skip
    own = boss.policy.programs["look"]
    assert (own.personas, own.when) == ((), When(field="role", is_="boss"))
    assert boss.programs["look"].value.personas == ("boss",)
    assert plain.policy.programs["look"].when == When()
    assert policy_hash(plain.policy) != policy_hash(boss.policy)


@pytest.mark.parametrize(("role", "then"), [("boss", ", {enters: look}, {sends: hello}"), ("clerk", "")])
def test_only_its_personas_enter_a_program(tmp_path, role, then):
    """Others of the same stage do not: as its own tests show."""
    tests = f"""personas: [boss]
tests:
  - says: x
    traits: {{email: ada@lead.example, role: {role}, employees: 300}}
    history: [{{after: 1 hour, fact: pricing.viewed}}, {{after: 2 hours, fact: pricing.viewed}}]
    run: 1 day
    expect: [{{moves_to: aware}}{then}]
"""
    folder = written(tmp_path, **{"programs/look.yaml": SMALL["programs/look.yaml"] + tests, "journey.yaml": MAP})
    said = CliRunner().invoke(main, ["test", str(folder), "--json"], catch_exceptions=False).output
    [result] = [json.loads(line) for line in said.splitlines()]
    entered = any("look" in line for line in result["decided"])
    assert (result["mistakes"], entered) == ([], bool(then))


MAP = (
    OWNED
    + """personas:
  - {id: boss, says: Decides, when: {field: role, is: boss}}
questions:
  - {asks: What is it worth?, stage: aware}
"""
)
