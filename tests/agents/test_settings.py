"""Settings are read once, completely, and refuse with sentences."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agents.cli.run import run
from agents.cli.settings import settings as command
from agents.process.options import Secret, reference
from agents.process.settings import FILE, SettingsError, read_settings

LEAST = {"NURTURE_BOOTSTRAP": "127.0.0.1:9092"}
KEY = "k" * 40
SAFE = LEAST | {
    "NURTURE_PROFILE": "production",
    "NURTURE_KAFKA_SECURITY": "SASL_SSL",
    "NURTURE_KAFKA_USERNAME": "nurture-sender",
    "NURTURE_KAFKA_PASSWORD": KEY,
    "NURTURE_REPLICATION_FACTOR": "3",
    "NURTURE_MAIL_PORT": "sendgrid",
    "NURTURE_SENDGRID_KEY": KEY,
    "NURTURE_UNSUBSCRIBE_URL": "https://mail.example.com/unsubscribe",
    "NURTURE_PROVIDER_EVENTS": "true",
    "NURTURE_TOKEN_KEY": KEY,
    "NURTURE_ID_KEY": KEY,
}


def complaint(**changes):
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | changes)
    return str(caught.value)


def test_one_variable_is_enough_to_begin():
    """In development only the brokers must be named."""
    assert read_settings(LEAST).bootstrap == "127.0.0.1:9092"


def test_production_starts_when_it_is_safe():
    """The production profile accepts settings that are encrypted, copied, keyed and unsubscribable."""
    assert read_settings(SAFE).profile == "production"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"NURTURE_KAFKA_SECURITY": "PLAINTEXT"}, "NURTURE_KAFKA_SECURITY"),
        ({"NURTURE_KAFKA_SECURITY": "SASL_PLAINTEXT"}, "NURTURE_KAFKA_SECURITY"),
        ({"NURTURE_KAFKA_PASSWORD": ""}, "NURTURE_KAFKA_PASSWORD"),
        ({"NURTURE_REPLICATION_FACTOR": "2"}, "NURTURE_REPLICATION_FACTOR"),
        ({"NURTURE_MAIL_PORT": "folder"}, "NURTURE_MAIL_PORT"),
        ({"NURTURE_CLOCK": "stepped"}, "NURTURE_CLOCK"),
        ({"NURTURE_ID_KEY": ""}, "NURTURE_ID_KEY"),
        ({"NURTURE_ID_KEY": "short"}, "NURTURE_ID_KEY"),
        ({"NURTURE_TOKEN_KEY": ""}, "NURTURE_TOKEN_KEY"),
        ({"NURTURE_SENDGRID_KEY": ""}, "NURTURE_SENDGRID_KEY"),
        ({"NURTURE_SENDGRID_HOST": "http://api.example.com"}, "NURTURE_SENDGRID_HOST"),
        ({"NURTURE_PROVIDER_EVENTS": "false"}, "NURTURE_PROVIDER_EVENTS"),
        ({"NURTURE_UNSUBSCRIBE_URL": ""}, "NURTURE_UNSUBSCRIBE_URL"),
        ({"NURTURE_BOOTSTRAP": "kafka"}, "NURTURE_BOOTSTRAP"),
        ({"NURTURE_PARTITIONS": "many"}, "NURTURE_PARTITIONS"),
        ({"NURTURE_DAILY_CAP": "7"}, "NURTURE_DAILY_CAP"),
        ({"NURTURE_DAILY_CAP": "-1"}, "NURTURE_DAILY_CAP"),
        ({"NURTURE_SENDS_PER_SECOND": "0.5"}, "NURTURE_SENDS_PER_SECOND"),
        ({"NURTURE_PARTITONS": "8"}, "did you mean NURTURE_PARTITIONS?"),
    ],
)
def test_each_unsafe_or_wrong_setting_is_refused_by_name(changes, named):
    """A production that is safe but for one setting is refused, and the sentence names that setting."""
    assert named in complaint(**(SAFE | changes))


def test_all_mistakes_are_told_at_once():
    """Three wrong variables and one missing make four sentences."""
    wrong = {"NURTURE_BOOTSTRAP": "", "NURTURE_PARTITIONS": "0", "NURTURE_CLOCK": "sun", "NURTURE_HTTP_PORT": "x"}
    assert len(complaint(**wrong).splitlines()) == 4


@pytest.mark.parametrize(
    "freed", [{"NURTURE_SENDGRID_SANDBOX": "true"}, {"NURTURE_ALLOW_LIST": "ada@example.com,@example.org"}]
)
def test_without_unsubscribe_only_held_back_mail_may_leave(freed):
    """A key alone is refused; in sandbox mode, or to an allow-list, it may send."""
    keyed = {"NURTURE_MAIL_PORT": "sendgrid", "NURTURE_SENDGRID_KEY": KEY}
    assert "unsubscribe" in complaint(**keyed)
    assert read_settings(LEAST | keyed | freed).mail_port == "sendgrid"


def test_a_file_gives_what_variables_do_not(tmp_path):
    """Variables win over the file; unknown names and secrets in it are refused."""
    file = tmp_path / "nurture.yaml"
    file.write_text("bootstrap: kafka:9092\npartitions: 4\nallow_list: ['@example.org']\n")
    read = read_settings({FILE: str(file), "NURTURE_PARTITIONS": "6"})
    assert (read.bootstrap, read.partitions, read.allow_list) == ("kafka:9092", 6, ("@example.org",))
    file.write_text("partitons: 4\nid_key: secret\n")
    assert "did you mean partitions?" in complaint(**{FILE: str(file)})
    assert "id_key_file" in complaint(**{FILE: str(file)})
    assert "cannot be read" in complaint(**{FILE: str(tmp_path)})


@pytest.mark.parametrize("where", ["variable", "file"])
def test_a_secret_may_come_from_a_file(tmp_path, where):
    """The end of the line does not belong to the secret; a file that is not there is named."""
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "nurture.yaml").write_text(f"id_key_file: {tmp_path}/key\n")
    named = {"variable": {"NURTURE_ID_KEY_FILE": f"{tmp_path}/key"}, "file": {FILE: f"{tmp_path}/nurture.yaml"}}
    assert read_settings(LEAST | named[where]).id_key.reveal() == KEY
    assert "nowhere" in complaint(NURTURE_ID_KEY_FILE="nowhere")


@given(st.text(min_size=1).filter(lambda text: text not in "•'"))
def test_a_secret_shows_itself_to_nobody(value):
    """Neither repr nor str nor a format of a secret holds it."""
    secret = Secret(value)
    assert f"{secret} {secret!r} {secret!s}" == "••• ••• •••"
    assert secret.reveal() == value


def test_no_secret_is_printed_by_the_command():
    """``nurture settings --check`` shows every value but the secrets."""
    for flags in (["--check"], ["--check", "--json"]):
        shown = CliRunner(env=SAFE).invoke(command, flags)
        assert shown.exit_code == 0, shown.output
        assert KEY not in shown.output
        assert "SASL_SSL" in shown.output


def test_the_command_fails_with_the_sentences():
    """``nurture settings --check`` with a wrong shell exits 2 and names the variables."""
    shown = CliRunner(env={"NURTURE_BOOTSTRAP": "", "NURTURE_CLOCK": "sun"}).invoke(command, ["--check"])
    assert shown.exit_code == 2
    assert {"NURTURE_BOOTSTRAP", "NURTURE_CLOCK:"} <= set(shown.output.split())


def test_an_agent_that_would_not_start_is_told_and_asked_for_by_name_it_fails():
    """A shell without a mail port is right for the journey and wrong for the sender; Python is not what people read."""
    for flags, status in ([], 0), (["--for", "journey"], 0), (["--for", "sender"], 2):
        shown = CliRunner(env=LEAST | {"NURTURE_MAIL_PORT": ""}).invoke(command, ["--check", *flags])
        told = "sender would not start: NURTURE_MAIL_PORT is not set" in shown.output
        assert (shown.exit_code, told) == (status, flags != ["--for", "journey"])
        assert not {"None", "()", "''", "True", "False"} & set(shown.output.split())
        assert {"unset", "empty list"} <= {line.partition(": ")[2] for line in shown.output.splitlines()}
    assert "expected both" in CliRunner(env=LEAST).invoke(command, ["--for", "sender"]).output


def test_agents_that_would_not_start_are_refused_before_any_broker_is_asked():
    """Alone or beside others: nothing begins, nothing waits."""
    for agents in (["sender"], ["journey", "sender"]):
        refused = CliRunner(env=LEAST | {"NURTURE_MAIL_PORT": ""}).invoke(run, agents)
        assert isinstance(refused.exception, SettingsError)
        assert "NURTURE_MAIL_PORT is not set" in str(refused.exception)


def test_the_reference_is_complete_and_its_examples_are_valid():
    """Every setting has a meaning and an example that reading accepts."""
    printed = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert [line["name"] for line in printed] == [variable.name for variable in reference().values()]
    for variable in reference().values():
        assert variable.says
        assert variable.expected
        if not variable.secret and variable.name not in {"NURTURE_PROFILE", "NURTURE_MAIL_PORT"}:
            wanted = {"NURTURE_KAFKA_USERNAME": "u", "NURTURE_KAFKA_PASSWORD": "p", "NURTURE_TOKEN_KEY": KEY}
            wanted |= {"NURTURE_KAFKA_CERT_FILE": "c", "NURTURE_KAFKA_KEY_FILE": "k"}
            read_settings(LEAST | wanted | {variable.name: variable.example})
