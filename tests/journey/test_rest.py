"""A lead at rest is not asked about its programs: that costs nothing and changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.codec import encode_lead
from schemas.sending import MailClass
from schemas.units import DAY
from streams.journey import decide
from tests.journey.agreed import Story
from tests.journey.test_laws import ACTS
from tests.journey.test_programs import policy, program, programs_, step, sunsets

OFTEN = [(f.PageViewed, {"path": "/"}), (f.PricingViewed, {}), (f.SalesContacted, {})]
histories = st.lists(
    st.tuples(st.sampled_from(OFTEN) | st.sampled_from(ACTS), st.sampled_from([0, 1, DAY // 3, 3 * DAY])), max_size=30
)
policies_ = st.builds(
    lambda p, q, class_, sunset, both: policy(
        {"sunset": sunset, "classes": {"news": MailClass()}},
        **({"p": p} if both else {}),
        q=replace(q, class_=class_),
        last=program(step("bye")),
    ),
    programs_,
    programs_,
    st.sampled_from(["nurture", "news"]),
    sunsets,
    st.booleans(),
)


def lived(policies, history):
    """A story under one policy after another."""
    story = Story(policies[0]).introduced()
    for n, ((kind, parts), after) in enumerate(history):
        story.policy = policies[n * len(policies) // len(history)]
        story.tell(kind, after=after, **parts)
    story.wait(60 * DAY)
    return story


@given(st.lists(policies_, min_size=1, max_size=2), histories)
def test_whoever_is_asked_all_the_same_says_the_same(policies, history):
    """Row and commands, byte by byte, whatever authors write and leads do, a change of policy included."""
    rested = lived(policies, history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "at_rest", lambda *_: False)
        asked = lived(policies, history)
    assert rested.said == asked.said
    assert encode_lead(rested.lead) == encode_lead(asked.lead)
