"""Decides: live state, conditions, behaviors, alerts, calls. No await, no clock, no I/O (design D3)."""
