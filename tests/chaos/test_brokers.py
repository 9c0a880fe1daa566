"""Brokers that die, restart, freeze, or vanish behind the network."""


def test_broker_killed(pipeline, load, record_property):
    """Kill -9 of the broker under load: what it acknowledged is there, and everything goes on by itself."""
    pipeline.publish(load.some(20))
    pipeline.broker.kill()
    pipeline.broker.start()
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)
