"""Manifest in, a listening test in the browser, ratings in SQL out."""
