"""`python -m vallum`."""

from vallum.cli.main import main

main()
