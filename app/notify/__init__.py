"""Alerts reach people: each target is told what its rules ask for, from the journal, at least once.

What waits for a target that is down is in the journal behind the target's own cursor, not in memory, and holds back no
other target. A transition has one key for ever: whoever gets it twice can tell.
"""
