"""Pages and endpoints of the site itself: API reference, health, keys, problem types."""
