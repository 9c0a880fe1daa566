"""``nurture pause`` and ``resume``: a name means a program or an e-mail, and the switch says who and why."""

import pytest
from click.testing import CliRunner

from agents import controls
from agents.cli import main
from tests.agents.workplaces import SMALL, written


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command over the small workplace, with switches in a dict instead of a topic."""
    written(tmp_path, **{"emails/look.md": SMALL["emails/again.md"]})
    monkeypatch.setenv("NURTURE_TEMPLATES", str(tmp_path))
    monkeypatch.setenv("NURTURE_BOOTSTRAP", "127.0.0.1:9")
    turned = {}

    async def turn(_options, switch, key):
        turned[key] = switch

    async def positions(_options):
        return turned

    monkeypatch.setattr(controls, "turn", turn)
    monkeypatch.setattr(controls, "positions", positions)

    def run(*arguments):
        return CliRunner().invoke(main, list(arguments)), turned

    return run


def test_an_email_is_paused_for_a_reason_and_resumed(run):
    """Who and why are kept; the list shows what is paused, and nothing when all go on."""
    done, turned = run("pause", "hello", "--why", "a wrong price", "--by", "ines")
    assert done.exit_code == 0, done.output
    assert (turned["email/hello"].stopped, turned["email/hello"].by, turned["email/hello"].why) == (
        True, "ines", "a wrong price")  # fmt: skip
    assert "email/hello  since" in run("pause")[0].output
    assert run("resume", "hello")[0].exit_code == 0
    assert not turned["email/hello"].stopped
    assert run("pause")[0].output == "nothing is paused\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pause", "look", "--why", "x"), 'found a program and an e-mail "look", expected program/look or email/look'),
        (("pause", "helo", "--why", "x"), 'did you mean "hello"?'),
        (("resume", "helo"), 'did you mean "hello"?'),
        (("pause", "hello"), "expected a reason"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(run, arguments, says):
    """Status 2, and nothing is turned."""
    done, turned = run(*arguments)
    assert (done.exit_code, turned) == (2, {})
    assert says in done.output


def test_the_kind_can_be_said(run):
    """When a program and an e-mail share a name."""
    _, turned = run("pause", "program/look", "--why", "x")
    assert list(turned) == ["program/look"]


def test_a_view_knows_each_switch_by_its_key():
    """A program's does not stop another's, nor all mail; what cannot be read pauses; a tombstone lets go."""
    view = controls.ControlsView(now=lambda: 0.0)
    view.learn(b"program/look", b"{}")
    assert view.stopped() is None
    assert view.paused("other", "hello") is None
    name, switch = view.paused("look", "hello")
    assert (name, switch.stopped) == ("look", True)
    view.learn(b"program/look", None)
    assert view.paused("look", "hello") is None
