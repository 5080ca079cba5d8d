"""Guests: mixers that mixeval did not write, as programs, packages and ONNX files."""
