"""What the journey's work is made of on every side of the bench. It starts nothing."""

from typing import Any, Final

from agents.journey import Observe
from agents.kafka.past import FactsBefore
from agents.policies import Policies

ID_KEY: Final = b"the bench's own key"


def work_parts(bootstrap: str, observe: Observe = lambda *_: None) -> tuple[Any, ...]:
    """The arguments of JourneyWork; lanes of one worker share them."""
    options = {"bootstrap_servers": bootstrap}
    policies = Policies(options)
    return policies, ID_KEY, observe, FactsBefore(options, policies)
