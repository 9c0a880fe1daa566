"""Which port may be used: mail that nobody can unsubscribe from must not leave."""

from pathlib import Path

import pytest

from agents.mail.choose import choose_port
from agents.settings import Secret, Settings, SettingsError

KEY = {"mail_port": "sendgrid", "sendgrid_key": Secret("SG.a.secret")}
FEED = {"unsubscribe_url": "https://mail.wattlark.example/u", "provider_events": True}


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
        ({**KEY, **FEED, "clock": "stepped"}, "simulated time must not mail real people"),
        ({**KEY, **FEED, "sendgrid_sandbox": True, "clock": "stepped"}, "simulated time must not mail real people"),
        ({"mail_port": "sendgrid", **FEED}, "NURTURE_SENDGRID_KEY is not set"),
        (KEY, "found no NURTURE_UNSUBSCRIBE_URL and no NURTURE_PROVIDER_EVENTS"),
        ({**KEY, "provider_events": True}, "found no NURTURE_UNSUBSCRIBE_URL:"),
        ({**KEY, "unsubscribe_url": "https://mail.wattlark.example/u"}, "found no NURTURE_PROVIDER_EVENTS:"),
    ],
)
def test_anything_else_is_refused_with_one_sentence(given, says):
    """The sentence names the variable, and never shows the key."""
    with pytest.raises(SettingsError) as refused:
        chosen(**given)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
