"""``nurture test``: tests that live in program files are lived through, and say what happened instead."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import main
from agents.workplace import load_workplace
from schemas.policy import policy_hash
from tests.agents.workplaces import SMALL, written

TEMPLATES = Path(__file__).parents[2] / "templates"
TEST = """tests:
  - says: The boss is greeted
    traits: {email: ada@lead.example, role: boss, employees: 300}
    history:
      - {after: 1 hour, fact: pricing.viewed}
    expect:
      - {day: 1, enters: look}
      - {day: 1, at: "11:00", sends: hello}
      - {day: 4, sends: again}
      - {leaves: exhausted}
"""


def run(folder, *arguments):
    """The command's result."""
    return CliRunner().invoke(main, ["test", str(folder), *arguments], catch_exceptions=False)


def workplace(tmp_path, old="", new=""):
    """The small workplace, its program with a test in which one piece is replaced."""
    assert old in TEST
    return written(tmp_path, **{"programs/look.yaml": SMALL["programs/look.yaml"] + TEST.replace(old, new)})


def test_the_shipped_programs_carry_tests_and_pass_them():
    """Each has at least one."""
    results = [json.loads(line) for line in run(TEMPLATES, "--json").output.splitlines()]
    assert {result["program"] for result in results} == {path.stem for path in (TEMPLATES / "programs").glob("*.yaml")}
    assert [result["mistakes"] for result in results] == [[]] * len(results)


def test_what_passes_is_one_line_and_status_0(tmp_path):
    """Of the workplace, or of one file of it."""
    folder = workplace(tmp_path)
    for path in (folder, folder / "programs" / "look.yaml"):
        result = run(path)
        assert (result.exit_code, result.output) == (
            0, "ok   look: The boss is greeted\n1 test in 1 program, none failed\n")  # fmt: skip


def test_what_waits_for_approval_is_tried_out_before(tmp_path):
    """Whoever approves an e-mail wants to know what it will do."""
    folder = workplace(tmp_path)
    (folder / "emails/again.md").write_text(SMALL["emails/again.md"].replace("layout", "approvals: [sales]\nlayout"))
    assert load_workplace(folder).policy.emails["again"].withheld == "unapproved"
    assert run(folder).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("day: 4", "day: 3", 'expected sends "again" on day 3; found it on day 4 at 11:00'),
        ('at: "11:00"', 'at: "09:00"', 'expected sends "hello" on day 1 at 09:00; found it on day 1 at 11:00'),
        ("leaves: exhausted", "hands_over: true", "expected a handoff; found it nowhere after what came before"),
        ("leaves: exhausted", "leaves: stage", 'expected leaves "stage"; found it nowhere'),
        ("leaves: exhausted", "moves_to: ready", 'expected moves to "ready"; found it nowhere'),
        ("      - {day: 4, sends: again}\n", "", 'expected nothing more to be sent; found "again" on day 4 at 11:00'),
        ("pricing.viewed", "email.delivered", 'expected enters "look" on day 1; found it nowhere'),
    ],
)
def test_what_fails_says_what_was_found_instead(tmp_path, old, new, says):
    """Place, expectation, and all that was decided; status 1."""
    result = run(workplace(tmp_path, old, new))
    assert result.exit_code == 1
    assert says in result.output
    assert f"{tmp_path}/programs/look.yaml:9" in result.output
    assert result.output.endswith("1 test in 1 program, 1 failed\n")


def test_a_skip_can_be_expected_with_its_reason(tmp_path):
    """At a weekend nothing is sent until Monday."""
    test = TEST.replace("    history", "    starts: 2026-03-06 18:30\n    history").split("    expect")[0]
    expect = "    expect:\n      - {skips: hello, because: quiet_hours}\n      - {day: 4, sends: hello}\n      - {day: 7, sends: again}\n"
    folder = written(tmp_path, **{"programs/look.yaml": SMALL["programs/look.yaml"] + test + expect})
    assert run(folder).exit_code == 0, run(folder).output


def test_a_test_is_no_part_of_the_policy(tmp_path):
    """Writing tests changes nothing for leads."""
    plain, tested = load_workplace(written(tmp_path / "a")), load_workplace(workplace(tmp_path / "b"))
    assert policy_hash(plain.policy) == policy_hash(tested.policy)


def test_a_workplace_with_mistakes_is_not_tested(tmp_path):
    """They are said as check says them; status 2."""
    for wrong in ("sends: agian", "skips: again, because: nihgt"):
        result = run(workplace(tmp_path, "sends: again", wrong))
        assert result.exit_code == 2
        assert "[unclear-expectation]" in result.output
