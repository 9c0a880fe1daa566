"""``nurture send-test``: colleagues see what a lead would, marked as a test; no lead, no mailing, no way to overdo it."""

import asyncio
import email
import email.policy

import pytest
from click.testing import CliRunner

from agents.cli.send_test import send_test
from agents.mail.trial import MOST_AN_HOUR, ration
from schemas.problem import UserError
from tests.agents.workplaces import edited, written
from tests.fakes.sendgrid import KEY, FakeSendGrid

CLEAN = dict.fromkeys(("NURTURE_MAIL_PORT", "NURTURE_BOOTSTRAP", "NURTURE_ALLOW_LIST"))


def run(folder, *arguments, **env):
    """The command's result; mail goes to a folder beside the workplace unless said."""
    own = {"NURTURE_MAIL_FOLDER": str(folder.parent / "mail"), "XDG_STATE_HOME": str(folder.parent / "state")}
    return CliRunner().invoke(send_test, [*arguments, "--templates", str(folder)], env={**CLEAN, **own, **env})


def mails(folder):
    """What lies in the mail folder."""
    files = sorted((folder.parent / "mail").glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]


def test_a_test_is_the_letter_marked_and_its_way_out_leads_nowhere(tmp_path):
    """One file an address; the subject and a header say test, nobody can be unsubscribed by it, nothing is tagged."""
    folder = written(tmp_path / "w")
    result = run(folder, "hello", "--lead", "ada", "--to", "ines@oak.example", "--to", "jonas@mail.oak.example")
    assert (result.exit_code, result.output) == (
        0,
        "ines@oak.example: sent, as a test (folder)\njonas@mail.oak.example: sent, as a test (folder)\n",
    )
    first, second = mails(folder)
    assert {first["To"], second["To"]} == {"ines@oak.example", "jonas@mail.oak.example"}
    assert (first["Subject"], first["X-Nurture-Test"], first["List-Unsubscribe"]) == (
        "[Test] Hello",
        "hello as ada",
        None,
    )
    text = first.get_body(("plain",)).get_content()
    assert "Dear Ada," in text
    assert "https://unsubscribe.invalid/u/test" in text
    assert "utm_" not in text


@pytest.mark.parametrize(
    ("to", "allow", "says"),
    [
        (["ada@lead.example"], "", "tests go to colleagues"),
        (["ines@badoak.example"], "", "tests go to colleagues"),
        (["ines@oak.example"], "@elm.example", "tests go to colleagues"),
        (["Ines <ines@oak.example>"], "", "expected one plain address"),
        (["ines@oak.example\nBcc: all@lead.example"], "", "expected one plain address"),
        ([f"{n}@oak.example" for n in range(6)], "", "found 6 addresses, expected at most 5"),
    ],
)
def test_only_a_few_colleagues_get_one(tmp_path, to, allow, says):
    """Our own domains, or the allow-list when there is one; nothing is sent to the others either."""
    folder = written(tmp_path / "w")
    arguments = [part for address in to for part in ("--to", address)]
    result = run(folder, "hello", "--lead", "ada", *arguments, NURTURE_ALLOW_LIST=allow)
    assert result.exit_code != 0
    assert says in str(result.exception)
    assert mails(folder) == []


def test_an_address_on_the_allow_list_gets_one(tmp_path):
    """A colleague's private mailbox, say; the same address twice is one letter."""
    folder = written(tmp_path / "w")
    to = ["--to", "ada@elm.example", "--to", "ada@elm.example"]
    assert run(folder, "hello", "--lead", "ada", *to, NURTURE_ALLOW_LIST="@elm.example").exit_code == 0
    assert [mail["To"] for mail in mails(folder)] == ["ada@elm.example"]


def test_what_has_a_hole_or_does_not_exist_is_a_sentence(tmp_path):
    """As in a send."""
    folder = edited(tmp_path / "w", "emails/again.md", "Once", "{{ lead.employees }}")
    assert "lead.employees" in str(run(folder, "again", "--lead", "ada", "--to", "ines@oak.example").exception)
    assert 'did you mean "hello"?' in run(folder, "helo", "--lead", "ada", "--to", "ines@oak.example").output
    assert mails(folder) == []


def test_no_more_than_twenty_an_hour(tmp_path):
    """Counted in a file; the oldest is forgotten after an hour, and what cannot be read counts for nothing."""
    notes = tmp_path / "notes"
    ration(notes, MOST_AN_HOUR - 1, 0)
    ration(notes, 1, 1_800_000)
    with pytest.raises(
        UserError, match="found 20 tests in the last hour, expected at most 20 with these; wait 30 minutes"
    ):
        ration(notes, 1, 1_800_001)
    ration(notes, 5, 3_600_000)
    notes.write_text("what?\n", "utf-8")
    ration(notes, MOST_AN_HOUR, 3_600_000)


def test_the_hour_is_counted_once_for_whoever_sends(tmp_path, monkeypatch):
    """From whatever folder, with whatever flags; what cannot be counted is not sent."""
    folder = written(tmp_path / "w")
    to = [part for n in range(5) for part in ("--to", f"{n}@oak.example")]
    answers = []
    for number in range(5):
        (tmp_path / str(number)).mkdir()
        monkeypatch.chdir(tmp_path / str(number))
        answers.append(run(folder, "hello", "--lead", "ada", *to).exit_code)
    assert answers == [0, 0, 0, 0, 1]
    assert len(mails(folder)) == MOST_AN_HOUR
    (tmp_path / "plain").write_text("")
    refused = run(folder, "hello", "--lead", "ada", *to, XDG_STATE_HOME=str(tmp_path / "plain"))
    assert "found no way to count tests here" in str(refused.exception)
    assert len(mails(folder)) == MOST_AN_HOUR


def test_a_provider_takes_it_like_any_letter(tmp_path):
    """SendGrid's own rules hold for it, and its category says test."""

    async def main():
        async with FakeSendGrid() as fake:
            env = {"NURTURE_MAIL_PORT": "sendgrid", "NURTURE_SENDGRID_KEY": KEY, "NURTURE_SENDGRID_HOST": fake.url}
            given = ["hello", "--lead", "ada", "--to", "ines@oak.example"]
            allowed = {**env, "NURTURE_ALLOW_LIST": "@oak.example"}
            return await asyncio.to_thread(run, written(tmp_path / "w"), *given, **allowed), fake.taken

    result, taken = asyncio.run(main())
    assert result.output == "ines@oak.example: sent, as a test (sendgrid)\n", result
    assert [sorted(one.payload["categories"]) for one in taken] == [["hello", "test"]]
