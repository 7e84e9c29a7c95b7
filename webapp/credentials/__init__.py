"""All that can act as somebody, one row each, whichever door it opens."""
