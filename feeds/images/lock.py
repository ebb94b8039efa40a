"""Image metadata in a file that can be committed: `enclosures.lock`.

Each line is the result of probing one image. A build does not probe the images in the file, so it gives the same bytes
without a network and on any machine.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, field

from feeds.config.schema import period
from feeds.digests import digest_of
from feeds.errors import ConfigError, LocatedDiagnostic, PublishError
from feeds.http.enclosure_types import MEDIA_TYPE_PATTERN
from feeds.storage.files import check_replaceable, read_regular, replace_file
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from feeds.config.schema import Enclosures
    from feeds.models import Enclosure, Entry


#: The name of the file, which is beside the configuration.
LOCK = "enclosures.lock"

#: Failures that say that an image is gone. It is probed again as seldom as one that exists.
GONE = frozenset({"404 Not Found", "410 Gone"})

#: A result that is dated later than this after now comes from a wrong clock.
_MAX_CLOCK_SKEW = dt.timedelta(days=1)

_MAX_BYTES = 10**15

_Pixels = Annotated[int, Meta(ge=1, le=65_535)]


class ImageInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The metadata of an image, as of the last probe.

    `type` is a media type, `length` is in bytes, `width` and `height` are in pixels; None means unknown. `failed` says
    why the last probe failed; the metadata is then that of an earlier probe. `dead`: the server said that there is no
    such image, and no later probe found it.
    """

    url: str = field(name="address")
    type: Annotated[str, Meta(pattern=rf"^{MEDIA_TYPE_PATTERN}\Z")] | None = None
    length: Annotated[int, Meta(ge=1, le=_MAX_BYTES)] | None = None
    width: _Pixels | None = None
    height: _Pixels | None = None
    probed_at: dt.datetime = field(name="asked")
    failed: str = ""
    dead: bool = False


_decoder = msgspec.json.Decoder(ImageInfo)


def lock_beside(config_path: Path) -> Path:
    """Return the path of the lock file that belongs to a configuration."""
    return config_path.parent / LOCK


def read_lock(lock: Path) -> dict[str, ImageInfo]:
    """Return the images in the file by URL, none if there is no file. Raises ConfigError if it cannot be read."""
    try:
        lines = read_regular(lock).splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(lock, 0, f"cannot be read: {error.strerror}") from error
    images = (_parse_line(lock, number, line) for number, line in enumerate(lines, 1) if line.strip())
    return {image.url: image for image in images}


def _parse_line(lock: Path, number: int, line: bytes) -> ImageInfo:
    try:
        image = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"is no line that `feeds probe` writes ({error}); expected none but those, or take this one out"
        raise _unreadable(lock, number, message) from error
    if image.probed_at.tzinfo:
        return image
    return msgspec.structs.replace(image, probed_at=image.probed_at.replace(tzinfo=dt.UTC))


def write_lock(lock: Path, images: Iterable[ImageInfo]) -> None:
    """Replace the file atomically, with the images in order of their URLs. Raises PublishError."""
    lines = [msgspec.json.encode(image) + b"\n" for image in sorted(images, key=lambda image: image.url)]
    try:
        replace_file(lock, b"".join(lines))
    except OSError as error:
        raise _unwritable(lock, error) from error


def check_writable(lock: Path) -> None:
    """Raise PublishError if the file cannot be written. Call this before probing, or its results would be lost."""
    try:
        check_replaceable(lock)
    except OSError as error:
        raise _unwritable(lock, error) from error


def _unreadable(lock: Path, line: int, message: str) -> ConfigError:
    return ConfigError([LocatedDiagnostic(display_path(str(lock)), line, message, "images-file-unreadable")])


def _unwritable(lock: Path, error: OSError) -> PublishError:
    return PublishError(display_path(str(lock)), f"cannot be written: {error.strerror}")


def is_stale(image: ImageInfo, now: dt.datetime, settings: Enclosures) -> bool:
    """Whether an image must be probed again."""
    max_age = period(settings.retry if image.failed and image.failed not in GONE else settings.ttl)
    return not now - max_age < image.probed_at <= now + _MAX_CLOCK_SKEW


def with_image_info(entry: Entry, known: Mapping[str, ImageInfo], settings: Enclosures) -> Entry:
    """Return the entry with the known metadata of its enclosures; without dead ones if `settings.dead` is `drop`."""
    enclosures: list[Enclosure] = []
    for enclosure in entry.enclosures:
        image = known.get(enclosure.href)
        if image is None:
            enclosures.append(enclosure)
        elif not (image.dead and settings.dead == "drop"):
            enclosures.append(_with_image(enclosure, image))
    merged = tuple(enclosures)
    return entry if merged == entry.enclosures else msgspec.structs.replace(entry, enclosures=merged)


def _with_image(enclosure: Enclosure, image: ImageInfo) -> Enclosure:
    """Prefer the server's type and length, but the article's size in pixels: an article may request another size."""
    has_size = bool(enclosure.width and enclosure.height)
    return msgspec.structs.replace(
        enclosure,
        type=image.type or enclosure.type,
        length=image.length or enclosure.length,
        width=enclosure.width if has_size else image.width or enclosure.width,
        height=enclosure.height if has_size else image.height or enclosure.height,
    )


def digest_of_images(urls: Iterable[str], known: Mapping[str, ImageInfo]) -> bytes:
    """Return the digest of all metadata of these images that an entry may show."""
    digest_input: list[tuple[object, ...]] = []
    for url in urls:
        image = known.get(url)
        shown = (image.type, image.length, image.width, image.height, image.dead) if image else ()
        digest_input.append((url, *shown))
    return digest_of(digest_input)
