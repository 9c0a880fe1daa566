"""Approvals: bound to one text, by somebody on the list, never by its owner or author; nobody is asked who need not be."""

import subprocess

import pytest
from click.testing import CliRunner

from agents.cli.approve import approve
from agents.workplace import load_workplace
from tests.agents.workplaces import OWNED, SMALL, written

LIST = OWNED + "approvers: {max@oak.example: marketing, jonas@oak.example: sales, ines@example.com: marketing}\n"
NEEDS = SMALL["emails/again.md"].replace("layout", "approvals: [marketing, sales]\nlayout")


def git(folder, *arguments, who="ines@example.com"):
    """A git command as somebody."""
    given = ["git", "-C", str(folder), "-c", "user.name=x", "-c", f"user.email={who}", *arguments]
    subprocess.run(given, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path):
    """A workplace in git, with an e-mail of Ines that needs both approvals."""
    found = written(tmp_path / "w", **{"approvers.yaml": LIST, "emails/again.md": NEEDS})
    git(found, "init", "-q")
    git(found, "add", "-A")
    git(found, "commit", "-qm", "x")
    return found


def approved(folder, who, email="again"):
    """What the command says to somebody."""
    subprocess.run(["git", "-C", str(folder), "config", "user.email", who], check=True)
    result = CliRunner().invoke(approve, [email, "--templates", str(folder)])
    return result.output if result.exit_code == 0 else str(result.exception)


def missing(folder):
    """What check says about approvals."""
    return [one.message for one in load_workplace(folder).warnings if one.rule == "unapproved"]


def test_both_sides_approve_and_one_more_word_needs_them_again(folder):
    """The hash is that of the e-mail's own source."""
    assert missing(folder) == [
        'found no approval by marketing, expected `nurture approve again` by "max@oak.example"',
        'found no approval by sales, expected `nurture approve again` by "jonas@oak.example"',
    ]
    assert "max@oak.example approves for marketing" in approved(folder, "max@oak.example")
    assert len(missing(folder)) == 1
    approved(folder, "jonas@oak.example")
    assert missing(folder) == []
    (folder / "emails/again.md").write_text(NEEDS + "!\n")
    assert [message[:34] for message in missing(folder)] == ["found an approval of another text,"] * 2
    git(folder, "commit", "-qam", "x")
    approved(folder, "jonas@oak.example")
    assert len(missing(folder)) == 1


@pytest.mark.parametrize(
    ("who", "says"),
    [("ines@example.com", "never the owner"), ("eve@oak.example", 'found "eve@oak.example" as user.email of git')],
)
def test_neither_the_owner_nor_a_stranger_approves(folder, who, says):
    """Also not when the owner is on the list; nothing is written."""
    assert says in approved(folder, who)
    assert not (folder / "approvals").exists()


def test_the_author_of_the_last_change_does_not_approve_it(folder):
    """Nor is approved what nobody else can read yet."""
    (folder / "emails/again.md").write_text(NEEDS + "!\n")
    assert "not committed" in approved(folder, "max@oak.example")
    git(folder, "commit", "-qam", "x", who="max@oak.example")
    assert "expected another pair of eyes" in approved(folder, "max@oak.example")
    assert "approves for sales" in approved(folder, "jonas@oak.example")


def test_a_record_written_by_hand_counts_for_nothing_without_the_list(folder):
    """Who is not an approver for that side has not approved."""
    approved(folder, "max@oak.example")
    record = folder / "approvals/emails/again.yaml"
    record.write_text(record.read_text().replace("marketing:", "sales:"))
    assert any('an approval by "max@oak.example", who may not' in message for message in missing(folder))


def test_who_needs_no_approval_is_not_asked(tmp_path):
    """No list, no records, no word."""
    assert missing(written(tmp_path)) == []


def test_a_new_footer_needs_an_approval_of_its_own_and_voids_no_other(folder):
    """Brand, layouts and partials by themselves, when approvers.yaml asks for it; e-mails wait for what is around them."""
    (folder / "approvers.yaml").write_text(LIST + "frame: [sales]\n")
    for who, what in (("max@oak.example", "again"), ("jonas@oak.example", "again"), ("jonas@oak.example", "brand")):
        assert "approves for" in approved(folder, who, what)
    held = load_workplace(folder).policy.emails
    assert [missing(folder)[0][:72], len(missing(folder))] == [
        "found no approval by sales, expected `nurture approve layouts/letter` by",
        1,
    ]
    assert {email.withheld for email in held.values()} == {"unapproved"}
    approved(folder, "jonas@oak.example", "layouts/letter")
    assert missing(folder) == []
    footer = folder / "layouts/letter.txt"
    footer.write_text(footer.read_text() + "Bye\n")
    assert [message[:34] for message in missing(folder)] == ["found an approval of another text,"]
    assert "not committed" in approved(folder, "jonas@oak.example", "layouts/letter")
    git(folder, "commit", "-qam", "x")
    approved(folder, "jonas@oak.example", "layouts/letter")
    assert missing(folder) == []


def test_where_git_signs_the_author_is_proven(folder, tmp_path):
    """By a signature that git itself finds good; an unsigned change is approved by nobody."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"ines@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "commit.gpgsign": "true",
        "gpg.format": "ssh",
        "user.signingkey": key,
        "gpg.ssh.allowedSignersFile": tmp_path / "signers",
    }.items():
        git(folder, "config", name, str(value))
    assert "no good signature" in approved(folder, "max@oak.example")
    (folder / "emails/again.md").write_text(NEEDS + "!\n")
    git(folder, "commit", "-qam", "x")
    assert "approves for marketing" in approved(folder, "max@oak.example")


def test_an_unknown_email_is_a_sentence(folder):
    """With a suggestion."""
    assert 'did you mean "again"?' in approved(folder, "max@oak.example", "agian")
