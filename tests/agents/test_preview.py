"""``nurture preview``: any e-mail as any sample lead would get it."""

import json
import signal
import subprocess
import sys
import urllib.request

from click.testing import CliRunner

from agents.cli.preview import preview
from tests.agents.workplaces import edited, written


def run(folder, out, *arguments):
    """The command's result."""
    given = [*arguments, "--templates", str(folder), "--out", str(out)]
    return CliRunner().invoke(preview, given, catch_exceptions=False)


def test_a_preview_is_two_files_and_opens_nothing(tmp_path):
    """HTML and text; the subject and both paths are told."""
    result = run(written(tmp_path / "w"), tmp_path / "out", "hello", "--lead", "ada")
    assert result.exit_code == 0
    assert result.output == f"Hello\n  {tmp_path}/out/hello.ada.html\n  {tmp_path}/out/hello.ada.txt\n"
    assert "Dear Ada," in (tmp_path / "out/hello.ada.html").read_text()
    assert (tmp_path / "out/hello.ada.txt").read_text().startswith("Subject: Hello\n")


def test_holes_are_marked_and_named(tmp_path):
    """The author sees what would be refused."""
    folder = edited(tmp_path / "w", "emails/again.md", "Once", "{{ lead.employees }}")
    result = run(folder, tmp_path / "out", "again", "--lead", "ada")
    assert result.exit_code == 0
    assert "not known of this lead: lead.employees" in result.output
    assert ">lead.employees</mark>" in (tmp_path / "out/again.ada.html").read_text()


def test_everything_at_once(tmp_path):
    """Every e-mail for every sample lead, also for machines."""
    result = run(written(tmp_path / "w"), tmp_path / "out", "--all", "--json")
    said = [json.loads(line) for line in result.output.splitlines()]
    assert len(said) == 3
    assert {line["subject"] for line in said} == {"Hello", "Again", "Ready"}
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_unknown_names_get_a_suggestion(tmp_path):
    """The e-mail's and the lead's; nothing is written."""
    folder = written(tmp_path / "w")
    assert 'did you mean "hello"?' in run(folder, tmp_path / "out", "helo", "--lead", "ada").output
    assert (
        'found no sample lead "adda", expected "ada"' in run(folder, tmp_path / "out", "hello", "--lead", "adda").output
    )
    assert "expected EMAIL --lead NAME, --all or --serve" in run(folder, tmp_path / "out").output
    assert not (tmp_path / "out").exists()


def test_a_broken_workplace_is_told_as_check_tells_it(tmp_path):
    """With the place, and exit status 1."""
    result = run(written(tmp_path / "w", **{"brand.yaml": "x"}), tmp_path / "out", "hello", "--lead", "ada")
    assert result.exit_code == 1
    assert "brand.yaml:1:1: found the text" in result.output


def test_serve_says_its_address_and_ends_with_ctrl_c(tmp_path):
    """In order: the page answers, and the end is none of a failure."""
    folder = written(tmp_path / "w")
    line = [sys.executable, "-m", "agents.cli", "preview", "--serve", "--port", "0", "--templates", str(folder)]
    hears = signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs us in the background may ignore it
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, hears)
        try:
            address = process.stdout.readline().split()[0]
            with urllib.request.urlopen(f"http://{address.removeprefix('http://')}", timeout=20) as page:
                assert b"nurture" in page.read()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, said) == (0, "")
