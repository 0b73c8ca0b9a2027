"""Faults done to real processes under load, each with an account of what must be true afterwards.

A scenario is a file with `run(place, lengths)`: minutes by hand (`python -m tests.faults NAME`, `make faults`), seconds
in the suite (the `test_` file beside it). Every one ends with the ledger in balance and the graph equal to what the
publisher knows that the broker took.
"""
