"""The doors of the second factors: set one up, look after it, take it away."""
