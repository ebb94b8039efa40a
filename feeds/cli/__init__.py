"""The command line."""

from feeds.cli.commands import main

__all__ = ["main"]
