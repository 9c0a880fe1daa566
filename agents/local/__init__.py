"""Everything on one machine: the demo's world, processes and clock. Nothing in production imports it."""
