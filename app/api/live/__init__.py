"""Live queries: the answer of a query, given again whenever something changes that it was read from.

What an answer depends on is noted while it is read (reads.py, views.py), looked up by every fact that is committed
(facts.py, interest.py), and read again, not patched together: whatever the selection is, a push is what a query would
answer at that moment.
"""
