"""`python -m probeline.cli`."""

from probeline.cli.app import main

main()
