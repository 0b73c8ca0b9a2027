"""What msgspec raises for bytes, or for a text, that it can't read: not its own errors alone."""

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""No such shape or syntax; a string in it that is no UTF-8; nested too deep. ValidationError is a DecodeError."""
