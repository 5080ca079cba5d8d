"""Run the command line as `python -m mixeval`."""

from mixeval.cli import main

main(prog_name="mixeval")
