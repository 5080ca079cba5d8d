"""Tidy ratings in, named tables, figures and a report out."""
