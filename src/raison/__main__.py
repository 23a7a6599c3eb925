"""Run the command line with `python -m raison`."""

from raison.cli import main

main()
