"""The registry of topics is complete, and its settings are those we promise."""

import msgspec
import pytest

from schemas import topics
from schemas.topics import Topic, registry
from schemas.units import DAY, WEEK

NAMED = {value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str)}


def test_every_name_in_code_is_in_the_registry_and_the_other_way_round():
    """Two lists, compared."""
    assert set(registry()) == NAMED


def test_everything_keyed_by_lead_has_one_count():
    """A lead's records are in the same partition of every topic."""
    counts = {topic.count(12) for topic in registry().values() if topic.partitions == "keyed"}
    assert counts == {12}
    assert {topic.key for topic in registry().values() if topic.partitions != "keyed"} == {
        "policy hash",
        "clock",
        "switch",
    }


def test_the_system_of_record_is_kept_for_ever():
    """Facts are never deleted and never compacted, whatever the cluster's own limits on age and bytes are."""
    config = registry()[topics.FACTS].config()
    assert config == {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


def test_the_ledger_outlives_every_replay():
    """A send key is never forgotten, however old the orders and facts are that somebody folds again."""
    config = registry()[topics.EMAIL_LEDGER].config()
    assert config["cleanup.policy"] == "compact"
    assert "retention.ms" not in config


@pytest.mark.parametrize("name", sorted(name for name, topic in registry().items() if topic.keep == "compact"))
def test_a_reader_that_slept_for_days_still_sees_what_was_erased(name):
    """Tombstones stay a week, and what they erase is gone within a day or so of compaction."""
    config = registry()[name].config()
    assert int(config["delete.retention.ms"]) >= WEEK
    assert int(config["max.compaction.lag.ms"]) <= DAY


@pytest.mark.parametrize("name", sorted(registry()))
def test_each_topic_says_what_it_holds_and_whose_it_is(name):
    """Owner, key and content are for people."""
    topic = registry()[name]
    assert all((topic.holds, topic.owner, topic.key))


def test_a_number_of_days_is_kept_that_long():
    """Days become milliseconds."""
    config = Topic("keyed", 7, "k", "o", "h").config()
    assert config == {"cleanup.policy": "delete", "retention.ms": str(7 * DAY), "retention.bytes": "-1"}


def test_an_unknown_word_in_the_registry_is_refused():
    """A slip in topics.yaml is an error, not a default."""
    with pytest.raises(msgspec.ValidationError, match="keeps"):
        msgspec.convert({"partitions": 1, "keeps": 1, "key": "", "owner": "", "holds": "", "keep": 1}, Topic)
