"""`.twins` scripts: what a plant should do, written down line by line and run on a fresh engine in virtual time."""
