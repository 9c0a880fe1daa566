"""The pure core: ``decide(lead, fact, policy) -> (lead, commands)``. No clock, no I/O, no randomness, no framework."""
