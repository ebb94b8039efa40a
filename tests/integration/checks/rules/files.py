"""Files of the output folder that are missing, changed, or not what the manifest lists."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from feeds.http.codings import compress_brotli, compress_gzip
from feeds.output.manifest import read_manifest
from feeds.storage.local import LocalFolder
from tests.support.rule_examples import BrokenFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _unlist_everything(output: Path) -> None:
    (output / "feeds.json").unlink()


def _garble_the_manifest(output: Path) -> None:
    (output / "feeds.json").write_bytes(b"[")


def _list_a_wrong_type(output: Path) -> None:
    text = (output / "feeds.json").read_text(encoding="utf-8")
    (output / "feeds.json").write_text(text.replace('"application/rss+xml"', '"text/xml"', 1), encoding="utf-8")


def _unlist_an_original(output: Path) -> None:
    manifest = read_manifest(LocalFolder(output))
    kept = tuple(record for record in manifest.documents if record.path != "assets/page.js")
    (output / "feeds.json").write_bytes(msgspec.json.encode(replace(manifest, documents=kept)))


def _stop_in_the_middle(output: Path) -> None:
    (output / ".feeds-journal").write_bytes(b"[]")


def _lose_a_document(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()


def _put_a_pipe(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    os.mkfifo(output / "topics" / "energy.atom")


def _put_a_folder(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    (output / "topics" / "energy.atom").mkdir()


def _put_a_link_to_itself(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    (output / "topics" / "energy.atom").symlink_to("energy.atom")


def _put_a_link_out(output: Path) -> None:
    file = output / "topics" / "energy.atom"
    file.rename(output.parent / "energy.atom")
    file.symlink_to(output.parent / "energy.atom")


def _list(path: str) -> Callable[[Path], None]:
    """List the home page at another path."""

    def change(output: Path) -> None:
        text = (output / "feeds.json").read_text(encoding="utf-8")
        assert '"path": "index.html"' in text
        (output / "feeds.json").write_text(
            text.replace('"path": "index.html"', f'"path": {json.dumps(path)}'), encoding="utf-8"
        )

    return change


def _lose_a_copy(output: Path) -> None:
    (output / "topics" / "energy.atom.gz").unlink()


def _edit_a_document(output: Path) -> None:
    file = output / "assets" / "page.css"
    file.write_bytes(file.read_bytes() + b"\n")


def _edit_a_copy(output: Path) -> None:
    file = output / "all.rss.gz"
    file.write_bytes(file.read_bytes()[:-1])


def _copy(path: str, change: Callable[[Path, bytes], bytes]) -> Callable[[Path], None]:
    """Replace a compressed copy, and list it as it is then."""

    def change_copy(output: Path) -> None:
        copy = change(output, (output / path).read_bytes())
        (output / path).write_bytes(copy)
        manifest = read_manifest(LocalFolder(output))
        digest = f"sha256:{hashlib.sha256(copy).hexdigest()}"
        records = tuple(
            replace(record, bytes=len(copy), digest=digest) if record.path == path else record
            for record in manifest.documents
        )
        (output / "feeds.json").write_bytes(msgspec.json.encode(replace(manifest, documents=records)))

    return change_copy


EXAMPLES = (
    BrokenFolder("bad-manifest", _unlist_everything),
    BrokenFolder("bad-manifest", _garble_the_manifest),
    BrokenFolder("bad-manifest", _list_a_wrong_type),
    BrokenFolder("bad-manifest", _unlist_an_original, also=("dead-link",)),
    BrokenFolder("unfinished-run", _stop_in_the_middle),
    BrokenFolder("missing-document", _lose_a_document, also=("copy-differs",)),
    BrokenFolder("missing-document", _lose_a_copy),
    BrokenFolder("missing-document", _put_a_pipe, also=("copy-differs",)),
    BrokenFolder("missing-document", _put_a_folder, also=("copy-differs",)),
    BrokenFolder("missing-document", _put_a_link_to_itself, also=("copy-differs",)),
    *(
        BrokenFolder("bad-manifest", _list(path), what=f"list {what}")
        for what, path in (
            ("NUL", "a\0b"),
            ("a path up", "../config/feeds.yaml"),
            ("an absolute path", "/etc/hostname"),
        )
    ),
    BrokenFolder("bad-manifest", _put_a_link_out, also=("copy-differs",)),
    BrokenFolder("document-changed", _edit_a_document, also=("copy-differs",)),
    BrokenFolder("document-changed", _edit_a_copy),
    *(
        BrokenFolder("copy-differs", _copy(f"all.rss.{extension}", change), what=f"{extension} {what}")
        for extension in ("gz", "br")
        for what, change in (
            ("of another", lambda output, _, extension=extension: (output / f"all.atom.{extension}").read_bytes()),
            ("cut", lambda _, copy: copy[:-4]),
            ("with garbage", lambda _, copy: copy + b"garbage"),
            ("twice", lambda _, copy: copy + copy),
            ("empty", lambda _, __: b""),
        )
    ),
    BrokenFolder(
        "copy-differs", _copy("all.rss.gz", lambda _, copy: copy + compress_gzip(b"more")), what="two members"
    ),
    BrokenFolder("copy-differs", _copy("all.rss.gz", lambda _, __: compress_gzip(bytes(10_000_000))), what="gz bomb"),
    BrokenFolder("copy-differs", _copy("all.rss.br", lambda _, __: compress_brotli(bytes(10_000_000))), what="br bomb"),
)
