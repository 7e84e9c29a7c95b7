"""The doors of those who look after the house: one file a noun."""
