"""`python -m feeds` is the command `feeds`."""

from feeds.cli.commands import main

main(prog_name="feeds")
