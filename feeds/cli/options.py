"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feeds.errors import mask_credentials
from feeds.storage.addresses import is_address, wrong_address

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config/feeds.yaml"),
    show_default=True,
    help="The configuration file.",
)


class FolderType(click.Path):
    """A folder of this machine, or the address of one in an object store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not (isinstance(value, str) and is_address(value)):
            return super().convert(value, param, ctx)
        wrong = wrong_address(value)
        if wrong:
            self.fail(f"{mask_credentials(value)!r} {wrong}", param, ctx)
        return value


class LocalFolderType(click.Path):
    """A folder of this machine, and of no object store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and is_address(value):
            wrong = "is in an object store; expected a folder of this machine"
            self.fail(f"{mask_credentials(value)!r} {wrong}", param, ctx)
        return super().convert(value, param, ctx)


output_option = click.option(
    "--output",
    type=FolderType(file_okay=False, path_type=Path),
    help="The folder to publish into, or s3://…  [default: output/ beside the configuration's folder]",
)

local_output_option = click.option(
    "--output",
    type=LocalFolderType(file_okay=False, path_type=Path),
    help="The folder that is published into.  [default: output/ beside the configuration's folder]",
)

cache_option = click.option(
    "--cache",
    type=LocalFolderType(file_okay=False, path_type=Path),
    help="The folder of what was read before.  [default: .feeds/ beside the configuration's folder]",
)

cluster_cache_option = click.option(
    "--cache",
    type=FolderType(file_okay=False, path_type=Path),
    help="The folder of what was read before; s3://… with --engine spark, too.  "
    "[default: .feeds/ beside the configuration's folder]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
