"""What the journey passes on to the sender: the provider's word on a send, and nothing else."""

import pytest

from agents.carried import confirmation
from agents.mail.orders import read_order
from schemas import facts as f
from schemas.commands import ConfirmSend
from schemas.topics import SENDS
from streams.engine.record import Record

ABOUT = {"id": "e" * 200, "lead_id": "ada", "at": 5, "seen": 6, "send_key": "k1"}


def passed_on(fact):
    """The words for the sender, as it reads them."""
    outs = confirmation(fact, 3)
    assert all((out.topic, out.partition) == (SENDS, 3) for out in outs)
    return [read_order(Record(out.topic, 3, 0, 0, out.key, out.value, out.headers)) for out in outs]


@pytest.mark.parametrize(
    ("shape", "event"),
    [
        (f.EmailProcessed, "processed"),
        (f.EmailDelivered, "delivered"),
        (f.EmailDeferred, "deferred"),
        (f.EmailDropped, "dropped"),
        (f.EmailBounced, "bounced"),
        (f.EmailOpened, "opened"),
    ],
)
def test_an_event_that_proves_a_send_is_passed_on(shape, event):
    """Whatever became of the mail, the provider had it; the longest id that a fact may have is no trouble."""
    [word] = passed_on(shape(**ABOUT))
    assert word == ConfirmSend(id=ABOUT["id"], lead_id="ada", send_key="k1", seen=6, event=event)


def test_a_click_proves_it_too():
    """A link of ours was followed."""
    assert passed_on(f.EmailClicked(**ABOUT, url="https://www.wattlark.example"))[0].event == "clicked"


@pytest.mark.parametrize(
    "fact",
    [
        f.EmailDelivered(**ABOUT | {"send_key": ""}),
        f.EmailReplied(**ABOUT),
        f.EmailComplained(**ABOUT),
        f.EmailUnsubscribed(**ABOUT),
        f.SendSettled(**ABOUT, outcome="held"),
        f.PageViewed(id="e1", lead_id="ada", at=5, seen=6, path="/"),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_nothing_else_is(fact):
    """What names no send, what people do without the provider's word, and our own settling are not passed on."""
    assert passed_on(fact) == []
