"""Mixing methods: from a recording to a stereo mix.

A method is a frozen pydantic model whose fields are the options that study.toml may give it. A new one is a
new file and one line in METHODS (`mixeval_stimuli.methods.registry`).
"""
