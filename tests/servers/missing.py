"""What a real server or a peer needs and this machine lacks: the message says what to install."""


class NotHere(Exception):
    """Tests skip or fail on it as their lane says; a suite of the bench is left out with its message."""
