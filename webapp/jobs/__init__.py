"""What must be done now and then, by one process of all that serve."""
