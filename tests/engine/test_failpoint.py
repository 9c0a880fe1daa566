"""Fail points kill nobody unless they are asked to by name."""

import os
import signal
import subprocess
import sys

import pytest

from streams.engine.failpoint import VARIABLE, FailPoint

WALKS = "from streams.engine.failpoint import reach; reach('J1'); reach('J2'); reach('J2'); print('alive')"


@pytest.mark.parametrize(
    ("told", "ends_with"),
    [
        ("", 0),
        ("J3", 0),
        ("J2:3", 0),
        ("J2", -signal.SIGKILL),
        ("J2:2", -signal.SIGKILL),
        ("J1:1:TERM", -signal.SIGTERM),
    ],
)
def test_a_process_ends_where_it_was_told_and_nowhere_else(told, ends_with):
    """The place, the count and the signal come from one variable; without it every point is inert."""
    env = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run([sys.executable, "-c", WALKS], env=env | {VARIABLE: told}, capture_output=True, check=False)
    assert done.returncode == ends_with
    assert (done.stdout == b"alive\n") == (ends_with == 0)


@pytest.mark.parametrize("told", ["J3:often", "J3:1:HUMBUG"])
def test_what_makes_no_sense_is_refused_at_the_start(told):
    """A test that misspells its fault must not pass."""
    with pytest.raises((ValueError, KeyError)):
        FailPoint(told)
