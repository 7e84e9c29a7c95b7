"""A large site on PostgreSQL: filled by COPY, and measured page by page beside a small one."""
