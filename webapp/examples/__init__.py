"""The pages to copy."""
