"""Faust made safe and fast: lanes with their own transactions, rows and timers. It knows nothing about leads."""
