"""``nurture check``: what an author reads, and what a machine reads."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents import links
from agents.check.draft import read_draft
from agents.check.one import problems_of
from agents.check.rules import complaints
from agents.cli import main
from agents.cli.check import check
from tests.agents.cases import EXAMPLES, TODAY
from tests.agents.workplaces import SMALL, edited, written


def run(*arguments):
    """The command's result, warnings as errors."""
    return CliRunner().invoke(check, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_sound_workplace_is_one_line(tmp_path):
    """Exit status 0, and a summary of what is there."""
    result = run(written(tmp_path))
    assert (result.exit_code, result.output) == (
        0,
        f"{tmp_path}: 3 e-mails, 1 program, 1 sample lead; no warnings, no errors\n",
    )


def test_a_mistake_is_shown_with_its_line_and_a_caret(tmp_path):
    """Like a compiler: place, sentence, rule, source line, caret; exit status 1."""
    result = run(edited(tmp_path, "programs/look.yaml", "email: again", "email: agian"))
    assert result.exit_code == 1
    place, source, caret, *_ = result.output.splitlines()
    assert place.startswith(f'{tmp_path}/programs/look.yaml:7:25: found the email "agian", expected one of ')
    assert place.endswith('did you mean "again"? [unknown-email]')
    assert source.endswith("  - {id: second, email: agian, wait: 3 days}")
    assert caret.index("^") == source.index("agian")


def test_warnings_are_shown_and_do_not_stop_anybody(tmp_path):
    """Exit status 0."""
    result = run(edited(tmp_path, "emails/hello.md", ' or "reader"', ""))
    assert result.exit_code == 0
    assert "warning: found" in result.output
    assert "1 warning, no errors" in result.output


def test_a_day_can_be_given(tmp_path):
    """Content that nobody looked at again is warned about from 14 days before, and stops the check after its day."""
    early, near, late = (run(written(tmp_path), "--today", f"2027-{day}") for day in ("03-16", "03-31", "04-01"))
    assert [result.exit_code for result in (early, near, late)] == [0, 0, 1]
    assert ["[review-due]" in result.output for result in (early, near, late)] == [False, True, True]
    told = [line for line in late.output.splitlines() if "[expired-content]" in line]
    assert [line.split(":")[0].removeprefix(f"{tmp_path}/") for line in told] == ["emails/again.md", "emails/hello.md"]
    assert "2 errors, 11 warnings" in late.output


def test_machines_get_one_object_a_line(tmp_path):
    """With path, line, column, message and rule; nothing else on standard output."""
    result = run(edited(tmp_path, "brand.yaml", "Europe/Berlin", "Berlin"), "--format", "json")
    (problem,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (problem["line"], problem["column"], problem["rule"]) == (9, 12, "unknown-zone")


def test_a_pull_request_gets_each_problem_beside_its_line(tmp_path):
    """As commands of GitHub's runner, errors and warnings apart, with nothing that would break a line."""
    folder = edited(tmp_path / "100%, a:b", "emails/hello.md", ' or "reader"', "")
    [line] = run(folder, "--format", "github").stdout.splitlines()
    place = f"file={tmp_path}/100%25%2C a%3Ab/emails/hello.md,line=9,col=9,title=missing-fallback"
    assert line.startswith(f"::warning {place}::found ")


@pytest.mark.parametrize("text", ["name: [bold]x", "name: \x1b[31m", "name: [/]", "name: \u202e"])
def test_the_source_is_shown_as_text(tmp_path, text):
    """Neither colours of ours nor of a terminal's can be smuggled in with a file."""
    result = run(written(tmp_path, **{"brand.yaml": text}))
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output.replace("U+202E", "")


def test_a_folder_that_is_none_is_a_sentence(tmp_path):
    """No traceback."""
    result = run(tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "found no workplace here" in result.output


FACTS = Path(__file__).parents[1] / "facts.jsonl"


def test_a_change_that_moves_more_than_agreed_is_an_error(tmp_path):
    """The share, from where to where, and what to do; below the agreed share it is said, and stops nobody."""
    shutil.copytree(Path(__file__).parents[2] / "templates", tmp_path / "new")
    old = shutil.copytree(tmp_path / "new", tmp_path / "old")
    stages = tmp_path / "new" / "stages.yaml"
    stages.write_text(stages.read_text().replace("engagement: 40", "engagement: 60"))
    result = run(tmp_path / "new", "--against", old, "--facts", FACTS, "--today", "2026-11-23")
    assert result.exit_code == 0
    assert "a change that moves 1 of 10 leads (10.0 %): 1 evaluating → considering" in result.output
    lifecycle = tmp_path / "new" / "lifecycle.yaml"
    lifecycle.write_text(lifecycle.read_text().replace("most_moved: 25", "most_moved: 5"))
    result = run(tmp_path / "new", "--against", old, "--facts", FACTS, "--today", "2026-11-23")
    assert result.exit_code == 1
    assert re.search(
        r"lifecycle.yaml:\d+:13: found a change that moves 1 of 10 leads .*expected at most 5 %", result.output
    )
    assert "expected both" in run(tmp_path / "new", "--against", old).output


def test_a_file_is_checked_alone(tmp_path):
    """Its own problems and no other's; what it names in other files is known."""
    folder = edited(tmp_path, "emails/again.md", "layout: letter", "layout: leter")
    (folder / "brand.yaml").write_text("name: [")
    result = run(folder / "emails" / "again.md")
    assert (result.exit_code, result.output.count("[")) == (1, 1)
    assert 'did you mean "letter"? [unknown-layout]' in result.output
    fine = run(folder / "programs" / "look.yaml")
    assert (fine.exit_code, fine.output) == (0, f"{folder}/programs/look.yaml: no warnings, no errors\n")


@pytest.mark.parametrize("case", EXAMPLES.values(), ids=lambda case: case.rule)
def test_a_file_alone_has_the_problems_that_it_has_among_all(tmp_path, case):
    """No more for want of the others, and no fewer, but for e-mails that nobody sends."""
    folder = written(tmp_path, **case.texts(case.wrong))
    file = folder / (case.where or case.file)
    draft = read_draft(folder)
    among = {problem for problem in {*draft.problems, *complaints(draft, TODAY)} if problem.path == str(file)}
    alone = set(problems_of(file, TODAY)) if file.exists() else among
    assert {str(problem) for problem in among - alone if problem.rule != "idle-email"} == set()
    assert alone <= among


@pytest.mark.parametrize(
    ("name", "text"),
    [("brand.yaml", "name: ["), ("emails/again.md", SMALL["emails/again.md"] + "[x]({{ brand.website }/x)\n")],
)
def test_a_mistake_is_not_told_again_by_what_depends_on_it(tmp_path, name, text):
    """Names of a brand that cannot be read are not unknown, and what braces swallow is no link."""
    layout = SMALL["layouts/letter.mjml"].replace("<mj-text>", '<mj-text color="{{ brand.colours.accent }}">', 1)
    result = run(written(tmp_path, **{name: text, "layouts/letter.mjml": layout}), "--format", "json")
    assert [json.loads(line)["path"] for line in result.stdout.splitlines()] == [f"{tmp_path}/{name}"]


def test_what_a_layout_lacks_is_said_with_its_file(tmp_path):
    """The part in which it is missing."""
    result = run(edited(tmp_path, "layouts/letter.txt", "{{ unsubscribe_url }}", "us"), "--format", "json")
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert {one["rule"] for one in said} == {"no-unsubscribe"}
    assert all("expected one in layouts/letter.txt (text part)" in one["message"] for one in said)


def test_a_file_outside_of_any_workplace_is_a_sentence(tmp_path):
    """Status 2, and what is expected around it."""
    (tmp_path / "x.md").write_text("x")
    result = CliRunner().invoke(main, ["check", str(tmp_path / "x.md")])
    assert (result.exit_code, "expected a folder with brand.yaml" in result.output) == (2, True)


@pytest.mark.parametrize("rule", ["wrong-link", "size"])
def test_a_rule_explains_itself(rule):
    """Its page of the manual; the nearest name for what is none."""
    assert "\nRight:\n" in run("--explain", rule).output
    mistyped = CliRunner().invoke(main, ["check", "--explain", rule[1:]])
    assert (mistyped.exit_code, f'did you mean "{rule}"?' in mistyped.output) == (2, True)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, []),
        (304, []),
        (404, ["error"]),
        (410, ["error"]),
        (403, ["warning"]),
        (503, ["warning"]),
        (0, ["warning"]),
    ],
)
def test_a_page_that_is_gone_is_an_error_and_one_that_is_silent_a_warning(tmp_path, monkeypatch, status, told):
    """Where the host itself says that there is none, or where it may be the network."""

    async def answers(urls):
        return dict.fromkeys(urls, status)

    monkeypatch.setattr(links, "_answers", answers)
    found = links.dead_links(written(tmp_path))
    assert [(problem.severity, problem.line) for problem in found] == [(severity, 11) for severity in told]
    assert [problem.severity for problem in links.dead_links(tmp_path / "emails/hello.md")] == told
    assert links.dead_links(tmp_path / "emails/again.md") == []
