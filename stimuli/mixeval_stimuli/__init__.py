"""Multitracks in, loudness-aligned mixes and their manifest out."""
