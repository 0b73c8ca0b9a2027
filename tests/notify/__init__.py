"""What tells people of alerts."""
