"""The nodes of a site: the servers that share its database, as they report themselves."""
