"""Before the data: how many participants, and what was decided; afterwards, what departed from it."""
