"""Ours and Node-RED side by side, on a plant of pumps: what headline.py, ingest.py and latency.py measure with."""
