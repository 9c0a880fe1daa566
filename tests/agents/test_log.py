"""Logs are events with names, and hold no personal data whatever is put in."""

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from agents.process.log import configure_logging, masked

KEY = "SG." + "a" * 22 + "." + "b-_" * 14 + "c"


@pytest.fixture(params=["json", "console"])
def lines(request):
    """What was logged, as text; the root logger is put back afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    configure_logging("info", request.param, stream)
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def test_an_event_is_one_json_object():
    """Name, level, logger, time and what was said, in one line."""
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    configure_logging("info", "json", stream)
    structlog.get_logger("nurture.sender").info("send_skipped", lead_id="ada", reason="no_basis")
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    event = json.loads(stream.getvalue())
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "send_skipped",
        "lead_id": "ada",
        "reason": "no_basis",
        "level": "info",
        "logger": "nurture.sender",
    }


def test_libraries_speak_in_our_format_and_only_when_it_matters(lines):
    """A warning of faust is heard, its chatter is not, neither under the name of the engine's module that starts it."""
    for name in ("faust.app", "streams.engine.app"):
        logging.getLogger(name).info("chatter")
    logging.getLogger("faust.app").warning("rebalancing %s", "slowly")
    assert "rebalancing slowly" in lines.getvalue()
    assert "chatter" not in lines.getvalue()


def test_no_address_and_no_key_leaves(lines):
    """Not in a value, not nested, not in bytes, not in a traceback, not from a library."""
    log = structlog.get_logger("nurture")
    log.info("found", to="Ada <ada@example.com>", nested={"cc": ["bob@example.org"]}, raw=b"eve@example.net", key=KEY)
    logging.getLogger("aiokafka").error("cannot send to mallory@example.com with %s", KEY)
    log.error("failed", exc_info=ValueError(f"oscar@example.com {KEY}"))
    said = lines.getvalue()
    assert "failed" in said
    assert "example" not in said
    assert KEY not in said


@given(
    st.from_regex(r"[a-z0-9.!#$%&*+/?^_`~-]{1,20}", fullmatch=True),
    st.from_regex(r"([a-z0-9-]{1,10}\.){1,3}[a-z]{2,5}", fullmatch=True),
    st.text(max_size=20).filter(lambda text: "@" not in text),
)
def test_whatever_looks_like_an_address_is_masked(local, domain, around):
    """No line holds an address, whatever stands around it."""
    assert f"{local}@{domain}" not in masked(None, "", f"{around} {local}@{domain} {around}")
