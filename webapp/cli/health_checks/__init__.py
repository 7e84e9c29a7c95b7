"""What the doctor looks at, a file a part; each check is a function that answers with findings."""
