"""``nurture rollback``: the policy before this one, or the one that is named, decides again."""

import asyncio
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from agents import policies
from agents.cli import main

APPLIED = [(1_767_225_600_000, "aaaa1"), (1_767_312_000_000, "aaab2"), (1_767_398_400_000, "cccc3")]


@pytest.fixture
def run(monkeypatch):
    """Runs the command over these policies; what is applied then is told."""
    again, known = [], list(APPLIED)

    async def applied(_options):
        return known

    async def get(_self, name):
        return SimpleNamespace(policy=name)

    async def apply(_options, policy, partitions):
        again.append((policy, partitions))

    monkeypatch.setattr(policies, "applied", applied)
    monkeypatch.setattr(policies.Policies, "get", get)
    monkeypatch.setattr(policies, "apply", apply)

    def run(*arguments, only=None):
        known[:] = APPLIED[:only]
        done = CliRunner().invoke(main, ["rollback", *arguments], env={"NURTURE_BOOTSTRAP": "127.0.0.1:9"})
        return done, again

    return run


@pytest.mark.parametrize(
    ("arguments", "name"), [((), "aaab2"), (("--to", "cccc3"), "cccc3"), (("--to", "aaaa"), "aaaa1")]
)
def test_an_earlier_policy_decides_again(run, arguments, name):
    """The one before, or the one whose hash begins so, in every partition."""
    done, again = run(*arguments)
    assert done.exit_code == 0, done.output
    assert again == [(name, 8)]


def test_what_was_applied_is_listed_newest_first(run):
    """With the moment, and nothing is applied."""
    done, again = run("--list")
    assert done.output.split() == [
        "cccc3",
        "2026-01-03T00:00",
        "aaab2",
        "2026-01-02T00:00",
        "aaaa1",
        "2026-01-01T00:00",
    ]
    assert again == []


@pytest.mark.parametrize(
    ("arguments", "only", "says"),
    [
        ((), 1, "found one applied policy, expected two"),
        (("--to", "aaa"), 3, 'found 2 policies "aaa"'),
        (("--to", "cccc4"), 3, 'did you mean "cccc3"?'),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(run, arguments, only, says):
    """Status 2, and nothing is applied."""
    done, again = run(*arguments, only=only)
    assert (done.exit_code, again) == (2, [])
    assert says in done.output


def test_a_policy_that_was_applied_again_is_the_newest(monkeypatch):
    """The topic holds it twice until it is compacted; its last place counts, and tombstones do not."""

    async def records(_options, _topic):
        for at, (key, value) in enumerate([(b"a", b"1"), (b"b", b"1"), (b"a", b"1"), (b"c", None)]):
            yield SimpleNamespace(key=key, value=value, timestamp=at)

    monkeypatch.setattr(policies, "read_whole", records)
    assert asyncio.run(policies.applied({})) == [(1, "b"), (2, "a")]
