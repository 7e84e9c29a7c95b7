"""Looking after the house: its people, their roles, what happened, and how it is set up."""
