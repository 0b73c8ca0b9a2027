"""The graph of twins in memory: which there are, which edges run between them, and what follows from that alone."""
