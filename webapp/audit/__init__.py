"""What happened: one place writes it, one place reads it."""
