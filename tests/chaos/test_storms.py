"""Workers that die, leave, freeze and multiply under load."""

import pytest


def storm(rounds):
    return pytest.param(rounds, id=f"{rounds}-kills", marks=() if rounds < 5 else pytest.mark.long)


@pytest.mark.parametrize("kills", [storm(3), storm(12)])
def test_journey_killed_again_and_again(pipeline, load, dice, record_property, kills):
    """Kill -9 at random moments, with and without its folder: every fact is folded once."""
    for _ in range(kills):
        pipeline.publish(load.some(10))
        victim = pipeline.those("journey")[-1]
        if dice.random() < 0.5:
            pipeline.ready(["journey"])
        victim.kill()
        if dice.random() < 0.5:
            pipeline.forget(victim)
        pipeline.start("journey") if dice.random() < 0.5 else victim.start()
    pipeline.survived(record_property)
