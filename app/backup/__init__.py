"""The whole installation at one moment, out of a running server into a folder, and back out of it.

The graph is taken as rows that either engine can be filled from, the journal as what comes behind the newest snapshot;
both reach to the same sequence, since a server that starts from them writes to the graph what it lacks.
"""
