"""`make bench-check`: what the hot paths cost in processor instructions, beside a committed baseline.

Instructions are counted by valgrind (callgrind.py), not by a clock: what else runs on the machine does not count, and
the same code counts the same within a few thousandths. No time is measured here, and none may be put in the baseline.
"""
