"""The addresses of the house itself."""
