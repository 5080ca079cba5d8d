"""The mathematics of the tests: probabilities, ranks, bootstraps, mean squares; nothing here knows a table."""
