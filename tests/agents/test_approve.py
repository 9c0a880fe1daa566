"""Approvals: bound to one text, by somebody on the list, never by its owner or an author; git knows who gave them."""

import subprocess

import pytest
from click.testing import CliRunner

from agents.cli.apply import apply
from agents.cli.approve import approve
from agents.witness import unproven
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


def test_nobody_approves_what_needs_no_approval_or_for_whom_nobody_asked(folder):
    """A record that nobody reads would only look like one."""
    assert "found nobody who asks for an approval of hello" in approved(folder, "max@oak.example", "hello")
    (folder / "emails/again.md").write_text(NEEDS.replace("marketing, ", ""))
    git(folder, "commit", "-qam", "x")
    assert approved(folder, "max@oak.example").endswith('expected "jonas@oak.example" (never the owner)')


def test_who_needs_no_approval_is_not_asked(tmp_path):
    """No list, no records, no word."""
    assert missing(written(tmp_path)) == []


def test_a_new_footer_needs_an_approval_of_its_own_and_voids_no_other(folder):
    """Brand, layouts and partials by themselves, when approvers.yaml asks for it; e-mails wait for what is around them."""
    (folder / "approvers.yaml").write_text(LIST + "frame: [sales]\n")
    git(folder, "commit", "-qam", "x")
    for who, what in (("max@oak.example", "again"), ("jonas@oak.example", "again"), ("jonas@oak.example", "brand")):
        assert "approves for" in approved(folder, who, what)
    held = load_workplace(folder).policy.emails
    assert [missing(folder)[0][:72], len(missing(folder))] == [
        "found no approval by sales, expected `nurture approve layouts/letter` by",
        1,
    ]
    assert {name for name, email in held.items() if email.withheld == "unapproved"} == held.keys() - {"handoff-notice"}
    approved(folder, "jonas@oak.example", "layouts/letter")
    assert missing(folder) == []
    footer = folder / "layouts/letter.txt"
    footer.write_text(footer.read_text() + "Bye\n")
    assert [message[:34] for message in missing(folder)] == ["found an approval of another text,"]
    assert "not committed" in approved(folder, "jonas@oak.example", "layouts/letter")
    git(folder, "commit", "-qam", "x")
    approved(folder, "jonas@oak.example", "layouts/letter")
    assert missing(folder) == []


def signing(folder, tmp_path):
    """Sets git to sign there, as Ines."""
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


def test_where_git_signs_the_author_is_proven(folder, tmp_path):
    """By a signature that git itself finds good; an unsigned change is approved by nobody."""
    signing(folder, tmp_path)
    assert "no good signature" in approved(folder, "max@oak.example")
    (folder / "emails/again.md").write_text(NEEDS + "!\n")
    git(folder, "commit", "-qam", "x")
    assert "approves for marketing" in approved(folder, "max@oak.example")


DEMANDED = LIST + "emails: [marketing]\n"


def test_the_list_may_ask_for_every_email_and_none_of_them_can_say_no(folder):
    """Its front matter adds to that. Notices to reps are no e-mails to leads."""
    (folder / "approvers.yaml").write_text(DEMANDED)
    (folder / "emails/hello.md").write_text(SMALL["emails/hello.md"].replace("claims", "approvals: []\nclaims"))
    asked = sorted((one.path, one.message[:30]) for one in load_workplace(folder).warnings if one.rule == "unapproved")
    assert asked == [
        (f"{folder}/emails/again.md", "found no approval by marketing"),
        (f"{folder}/emails/again.md", "found no approval by sales, ex"),
        (f"{folder}/emails/hello.md", "found no approval by marketing"),
    ]
    held = load_workplace(folder).policy.emails
    assert {name: email.withheld for name, email in held.items()} == {
        "again": "unapproved",
        "hello": "unapproved",
        "handoff-notice": "",
    }


def test_nobody_adds_themselves_to_the_list_in_passing(folder):
    """The list counts as others can read it."""
    (folder / "approvers.yaml").write_text(LIST.replace("max@", "eve@oak.example: marketing, max@"))
    assert "approvers.yaml that are not committed" in approved(folder, "eve@oak.example")


def test_all_authors_since_the_last_approved_text_count(folder):
    """Not only the last; whoever wrote what was approved since may approve what is new."""
    write(folder, "!", "max@oak.example")
    write(folder, "!!", "ines@example.com", "-m", "Co-authored-by: J <Jonas@oak.example>")
    assert "max@oak.example among the authors" in approved(folder, "max@oak.example")
    assert "jonas@oak.example among the authors" in approved(folder, "jonas@oak.example")
    (folder / "approvers.yaml").write_text(LIST.replace("max@", "zoe@oak.example: marketing, max@"))
    git(folder, "commit", "-qam", "Zoe may")
    assert "approves for" in approved(folder, "zoe@oak.example")
    record(folder, "zoe@oak.example")
    write(folder, "!!!", "zoe@oak.example")
    assert "zoe@oak.example among the authors" in approved(folder, "zoe@oak.example")
    assert "approves for" in approved(folder, "max@oak.example")
    assert "approves for" in approved(folder, "jonas@oak.example")


def write(folder, more, who, *words):
    """Another text, committed by somebody."""
    (folder / "emails/again.md").write_text(f"{NEEDS}{more}\n")
    git(folder, "commit", "-qam", "x", *words, who=who)


def record(folder, who, *words):
    """The records as they are, committed by somebody."""
    git(folder, "add", "approvals")
    git(folder, "commit", "-qm", "x", *words, who=who)


def told(folder):
    """What git tells against the records."""
    return [(one.severity, one.message.partition(", expected")[0]) for one in unproven(folder)]


def test_a_record_counts_when_whom_it_names_has_committed_it(folder):
    """Not yet committed is a warning; a co-author has committed too, as when a pull request is squashed."""
    approved(folder, "max@oak.example")
    assert told(folder) == [("warning", "found an approval that is not committed")]
    record(folder, "max@oak.example")
    assert told(folder) == []
    approved(folder, "jonas@oak.example")
    record(folder, "ines@example.com", "-m", "Co-authored-by: Jonas <jonas@oak.example>")
    assert told(folder) == []


def test_a_record_that_somebody_else_committed_is_an_error(folder):
    """Also for a new text, where whom it names had committed the record of the old one."""
    forged = ("error", 'found an approval by "max@oak.example", committed by "ines@example.com"')
    approved(folder, "max@oak.example")
    record(folder, "ines@example.com")
    assert told(folder) == [forged]
    record(folder, "max@oak.example", "--amend", "--reset-author")
    assert told(folder) == []
    write(folder, "!", "ines@example.com")
    approved(folder, "max@oak.example")
    record(folder, "ines@example.com")
    assert told(folder) == [forged]


def test_a_record_by_an_author_is_an_error(folder):
    """However it was written: alone, or with somebody. Not when it was approved since, nor in what is squashed."""
    approved(folder, "max@oak.example")
    approved(folder, "jonas@oak.example")
    record(folder, "max@oak.example", "-m", "Co-authored-by: J <jonas@oak.example>")
    assert told(folder) == []
    write(folder, "!", "max@oak.example")
    approved(folder, "jonas@oak.example")
    file = folder / "approvals/emails/again.yaml"
    file.write_text(file.read_text() + "  marketing: max@oak.example\n")
    record(folder, "max@oak.example", "-m", "Co-authored-by: J <jonas@oak.example>")
    assert told(folder) == [("error", 'found an approval by "max@oak.example", who wrote some of it')]
    write(folder, "!!", "ines@example.com")
    approved(folder, "max@oak.example")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--amend", "--reset-author", "-m", "x", "-m", "Co-authored-by: M <max@oak.example>")
    assert told(folder) == []


def test_no_policy_with_such_a_record_is_applied(folder, monkeypatch):
    """It is told before anybody asks Kafka."""
    approved(folder, "max@oak.example")
    record(folder, "ines@example.com")
    monkeypatch.setenv("NURTURE_TEMPLATES", str(folder))
    monkeypatch.setenv("NURTURE_BOOTSTRAP", "127.0.0.1:9")
    result = CliRunner().invoke(apply, [])
    assert (result.exit_code, "not applied: 1 problem" in result.output) == (1, True)


def test_a_workplace_that_is_copied_comes_with_its_records(folder, tmp_path):
    """Who commits them together with the list vouches for them; where there is no git, nobody is asked."""
    approved(folder, "max@oak.example")
    subprocess.run(["rm", "-rf", str(folder / ".git")], check=True)
    assert told(folder) == []
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    assert told(folder) == []
    git(folder, "commit", "-qm", "all at once")
    assert told(folder) == []
    write(folder, "!", "ines@example.com")
    copy = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{folder}", str(copy)], check=True)
    assert told(copy) == []


def test_where_git_signs_a_record_is_signed(folder, tmp_path):
    """And what a message says of authors proves nothing."""
    (tmp_path / "signs").mkdir()
    approved(folder, "max@oak.example")
    record(folder, "max@oak.example")
    signing(folder, tmp_path / "signs")
    unsigned = ("error", 'found an approval by "max@oak.example" without a good signature of theirs')
    assert told(folder) == [unsigned]
    record(folder, "max@oak.example", "--amend", "--reset-author")
    assert told(folder) == [unsigned]  # with the key of Ines
    signers = tmp_path / "signs" / "signers"
    signers.write_text(signers.read_text().replace("ines@example.com", "max@oak.example"))
    assert told(folder) == []
    record(folder, "ines@example.com", "--amend", "--reset-author", "-m", "Co-authored-by: M <max@oak.example>")
    assert told(folder) == [("error", 'found an approval by "max@oak.example", committed by "ines@example.com"')]


def test_an_unknown_email_is_a_sentence(folder):
    """With a suggestion."""
    assert 'did you mean "again"?' in approved(folder, "max@oak.example", "agian")
