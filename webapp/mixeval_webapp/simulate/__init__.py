"""Simulated listeners: they take the test over HTTP as browsers do, and say that they are simulated."""
