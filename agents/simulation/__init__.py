"""Programs run through simulated months by the real core: what would be sent, to whom, and why the rest is silence."""
