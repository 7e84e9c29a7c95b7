"""HTTP tools that depend on no feature."""
