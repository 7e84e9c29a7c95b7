"""The audit log: record events, chain and verify them, query, describe and export them."""
