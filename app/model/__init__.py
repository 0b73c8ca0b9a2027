"""Data without behavior: what a twin, an overlay, a condition, a reading and an outcome are."""
