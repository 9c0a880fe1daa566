"""Which port may be used: mail that nobody can unsubscribe from must not leave."""

from pathlib import Path

import pytest

from agents.mail.choose import choose_port
from agents.process.options import Secret, Settings
from agents.process.settings import SettingsError

KEY = {"mail_port": "sendgrid", "sendgrid_key": Secret("SG.a.secret")}
URL = {"unsubscribe_url": "https://mail.wattlark.example/u", "token_key": Secret("a secret of more than 32 characters")}
FEED = {**URL, "provider_events": True}


def chosen(**given):
    return choose_port(Settings(bootstrap="127.0.0.1:9092", **given))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"mail_port": "folder", "mail_folder": Path("mail")}, "folder"),
        ({"mail_port": "folder", "clock": "stepped"}, "folder"),
        ({**KEY, **FEED}, "sendgrid"),
        ({**KEY, "sendgrid_sandbox": True}, "sendgrid"),
        ({**KEY, "allow_list": ("@wattlark.example",)}, "sendgrid"),
    ],
)
def test_a_safe_choice_gets_its_port(given, name):
    """The folder always; SendGrid with both feeds, in the sandbox, or to an allow-list."""
    assert chosen(**given).name == name


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "NURTURE_MAIL_PORT is not set"),
        ({"clock": "stepped"}, "NURTURE_MAIL_PORT is not set"),
        ({**KEY, **FEED, "clock": "stepped"}, "NURTURE_CLOCK: stepped time mails nobody"),
        ({**KEY, **FEED, "sendgrid_sandbox": True, "clock": "stepped"}, "NURTURE_CLOCK: stepped time mails nobody"),
        ({"mail_port": "sendgrid", **FEED}, "NURTURE_SENDGRID_KEY is missing"),
        (KEY, "mail that nobody can unsubscribe from must not leave"),
        ({**KEY, "provider_events": True}, "mail that nobody can unsubscribe from must not leave"),
        ({**KEY, **URL}, "mail that nobody can unsubscribe from must not leave"),
    ],
)
def test_anything_else_is_refused_with_one_sentence(given, says):
    """The sentence names the variable, and never shows the key."""
    with pytest.raises(SettingsError) as refused:
        chosen(**given)
    assert says in str(refused.value)
    assert "a.secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
