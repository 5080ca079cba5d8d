"""Comparison: the rendered mixes of a study in numbers and pictures, and how robust its methods are.

It reads what `mixeval render` left (the manifest and the files that it names) and runs nothing. Robustness alone
mixes anew, by methods that are data and mixeval's own code.
"""
