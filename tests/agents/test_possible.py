"""What conditions can tell apart, against the predicates that the journey runs: every lead is of a kind that was tried."""

from hypothesis import given
from hypothesis import strategies as st

from agents.check.possible import holds, kinds, named
from schemas.authored import When
from schemas.catalogue import FieldDefinition
from streams.journey.past import Past
from streams.journey.predicate import compile_when

FIELDS = {
    "role": FieldDefinition(type="text", values=("boss", "clerk", "other")),
    "note": FieldDefinition(type="text"),
    "staff": FieldDefinition(type="number"),
    "paid": FieldDefinition(type="yes_no"),
}
NUMBERS = st.integers(-3, 3)
TESTS = st.one_of(
    st.builds(When, field=st.just("role"), in_=st.lists(st.sampled_from(FIELDS["role"].values), min_size=1).map(tuple)),
    st.builds(When, field=st.just("note"), contains=st.sampled_from(["a", "b", "ab"])),
    st.builds(When, field=st.just("note"), is_=st.sampled_from(["a", "AB", "cab"])),
    st.builds(When, field=st.just("staff"), at_least=NUMBERS | st.none(), at_most=NUMBERS, is_=NUMBERS | st.none()),
    st.builds(When, field=st.just("paid"), is_=st.booleans()),
    st.builds(When, field=st.sampled_from(sorted(FIELDS)), known=st.booleans()),
    st.builds(
        When,
        did=st.sampled_from(["tour", "trial"]),
        times=st.integers(1, 3),
        within=st.sampled_from([None, "1 day", "2 days", "1 week"]),
    ),
)
WHENS = st.recursive(
    TESTS,
    lambda inner: st.builds(
        When,
        all=st.lists(inner, max_size=2).map(tuple),
        any=st.lists(inner, max_size=2).map(tuple),
        not_=st.none() | inner,
    ),
    max_leaves=6,
)
LEADS = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(FIELDS["role"].values),
        "note": st.text("abcx", max_size=4),
        "staff": NUMBERS | st.floats(-4, 4),
        "paid": st.booleans(),
    },
)


PASTS = st.builds(
    Past,
    st.dictionaries(
        st.sampled_from(["tour", "trial"]),
        st.dictionaries(st.integers(90, 100), st.integers(1, 3), max_size=4).map(
            lambda days: dict(sorted(days.items(), reverse=True))
        ),
    ),
    st.just(100),
)


@given(WHENS, WHENS, LEADS, PASTS)
def test_every_lead_is_of_a_kind_that_was_tried(one, other, lead, past):
    """So what holds for no kind holds for no lead, and what holds for all kinds holds for everybody."""
    known = kinds([one, other], FIELDS)
    said = [test is None or test(lead, past) for test in (compile_when(one), compile_when(other))]
    assert said in [[holds(one, kind), holds(other, kind)] for kind in known]


def test_nothing_is_claimed_of_what_is_not_known():
    """An unknown field, or more kinds than can be tried."""
    assert kinds([When(field="rolle", is_="boss")], FIELDS) == []
    wide = {f"n{n}": FieldDefinition(type="number") for n in range(30)}
    assert kinds([When(all=tuple(When(field=name, at_least=1) for name in wide))], wide) == []
    apart = tuple(When(did="tour", times=n, within=f"{n} days") for n in range(1, 100))
    assert kinds([When(all=apart)], {}) == []


def test_a_condition_names_the_fields_of_all_its_parts():
    """Whatever joins them."""
    assert named(When(field="role", is_="boss", not_=When(any=(When(field="paid", is_=True),)))) == {"role", "paid"}
