"""Decisions in words: from where to where and why, for each kind that there is."""

import pytest

from agents.words import said
from schemas import commands as c
from schemas.reason import Reason

ABOUT = {"id": "x", "lead_id": "ada", "because": "x", "seen": 0, "policy": "p"}
POINTS = {"fit": 0, "engagement": 9, "grade": "C3"}

SAID = [
    (c.MoveStage(**ABOUT, **POINTS, before="new", after="aware", why="earned"), "stage new → aware (earned)"),
    (c.MoveStage(**ABOUT, **POINTS, before="", after="new", why="earned"), "stage: new"),
    (
        c.MoveStage(**ABOUT, **POINTS, before="new", after="aware", why="earned", model="solar"),
        "stage new → aware (earned), in solar",
    ),
    (
        c.MoveLifecycle(**ABOUT, before="inquiry", after="mql", why="page.viewed"),
        "lifecycle inquiry → mql (page.viewed)",
    ),
    (c.EnterProgram(**ABOUT, program="first-look", ordinal=0), "enter first-look"),
    (
        c.LeaveProgram(**ABOUT, program="first-look", ordinal=0, why="goal", ending="asked"),
        "leave first-look (goal: asked)",
    ),
    (
        c.CancelContent(**ABOUT, send_key="k", email="night-load", program="first-look", step="one"),
        "drop what may still wait of first-look: night-load",
    ),
    (
        c.SettleHandoff(**ABOUT, handoff_id="ada:0", outcome="rejected", reason="no-project"),
        "handoff rejected (no-project)",
    ),
    (c.Skip(**ABOUT, reason=Reason.NO_BASIS), "silent: there is no lawful basis for mailing the lead"),
]


@pytest.mark.parametrize(("command", "words"), SAID, ids=lambda value: value if isinstance(value, str) else "")
def test_a_decision_says_from_where_to_where_and_why(command, words):
    """In the order in which a person asks."""
    assert said(command) == words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"program": "first-look"}, "send night-load, by first-look"),
        ({"program": "first-look", "variant": "b"}, "send night-load, by first-look, variant b"),
        ({}, "send night-load, as was asked for"),
    ],
)
def test_a_mail_says_who_sends_it(more, words):
    """A program, or the lead who asked for it."""
    order = {"send_key": "k", "email": "night-load", "kind": "nurture", "not_after": 1}
    assert said(c.SendContent(**ABOUT, **order, **more)) == words
