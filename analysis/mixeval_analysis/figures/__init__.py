"""Figures, drawn from tables and answers."""
