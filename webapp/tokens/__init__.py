"""Scripts that bring a token."""
