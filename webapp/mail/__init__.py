"""Mail: an outbox, written in the transaction of the cause, and one worker that sends it."""
