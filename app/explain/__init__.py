"""Says in words why something is as it is: what the engine's explanation trees are turned into for people."""
