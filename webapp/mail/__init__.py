"""Mail: an outbox written with the deed, and one worker that sends it."""
