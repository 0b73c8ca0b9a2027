"""Answers "which twins, which overlays" from memory, at the journal sequence that the answer carries (design D11)."""
