"""The researcher's pages under /admin: behind a password, and about a study while it runs."""
