"""make bench: what a guarded request costs beside a bare Flask route."""
