"""What matters to me today."""
