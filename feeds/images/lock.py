"""What is known of images from those who serve them, kept in a file that can be committed: `enclosures.lock`.

A line is what came of asking for one image. A build asks nobody for what the file says, so it gives the same bytes
without a network, and on any machine.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from feeds.config.schema import period
from feeds.digests import digest_of
from feeds.errors import ConfigError, LocatedDiagnostic, PublishError
from feeds.http.image_types import MEDIA_TYPE_PATTERN
from feeds.storage.files import check_replaceable, read_regular, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from feeds.config.schema import Enclosures
    from feeds.models import Enclosure, Entry


#: The file's name, beside the configuration.
LOCK = "enclosures.lock"

#: Why an image is gone for good: it is asked for again as seldom as one that is there.
GONE = frozenset({"404 Not Found", "410 Gone"})

#: An answer that is dated so much later than now is of a clock that was wrong.
_AHEAD = dt.timedelta(days=1)

#: More bytes than any file has.
_MOST_BYTES = 10**15

_Pixels = Annotated[int, Meta(ge=1, le=65_535)]


class ImageInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the image at an address, and when it was `asked` for.

    `type` is a media type, `length` in bytes, `width` and `height` in pixels; None is unknown. `failed` is why the last
    question had no answer: what was known before stays. `dead`: the server said that there is no such image, and
    nothing else since.
    """

    address: str
    type: Annotated[str, Meta(pattern=rf"^{MEDIA_TYPE_PATTERN}\Z")] | None = None
    length: Annotated[int, Meta(ge=1, le=_MOST_BYTES)] | None = None
    width: _Pixels | None = None
    height: _Pixels | None = None
    asked: dt.datetime
    failed: str = ""
    dead: bool = False


_decoder = msgspec.json.Decoder(ImageInfo)


def lock_beside(config_path: Path) -> Path:
    """Where the facts are kept that belong to a configuration."""
    return config_path.parent / LOCK


def read_lock(lock: Path) -> dict[str, ImageInfo]:
    """What the file says, by address, nothing where there is none; raises ConfigError where it says something else."""
    try:
        lines = read_regular(lock).splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            [LocatedDiagnostic(str(lock), 0, f"cannot be read: {error.strerror}", "images-file-unreadable")]
        ) from error
    found = (_parse(lock, number, line) for number, line in enumerate(lines, 1) if line.strip())
    return {facts.address: facts for facts in found}


def write_lock(lock: Path, facts: Iterable[ImageInfo]) -> None:
    """Make the file say this, ordered by address, whole or not at all; raises PublishError."""
    lines = [msgspec.json.encode(one) + b"\n" for one in sorted(facts, key=lambda one: one.address)]
    try:
        replace_file(lock, b"".join(lines))
    except OSError as error:
        raise _unwritable(lock, error) from error


def check_writable(lock: Path) -> None:
    """Raise PublishError where the file cannot be written: before anybody is asked, since answers would be lost."""
    try:
        check_replaceable(lock)
    except OSError as error:
        raise _unwritable(lock, error) from error


def _unwritable(lock: Path, error: OSError) -> PublishError:
    return PublishError(str(lock), f"cannot be written: {error.strerror}")


def is_stale(facts: ImageInfo, now: dt.datetime, settings: Enclosures) -> bool:
    """Whether an image is to be asked for again."""
    lasts = period(settings.retry if facts.failed and facts.failed not in GONE else settings.ttl)
    return not now - lasts < facts.asked <= now + _AHEAD


def with_image_info(entry: Entry, known: Mapping[str, ImageInfo], settings: Enclosures) -> Entry:
    """The entry with enclosures as they are known to be; without those that are dead, if these are to be dropped."""
    enclosures = tuple(
        _measured(enclosure, known.get(enclosure.href))
        for enclosure in entry.enclosures
        if not _is_dropped(enclosure.href, known, settings)
    )
    return entry if enclosures == entry.enclosures else msgspec.structs.replace(entry, enclosures=enclosures)


def digest_of_images(addresses: Iterable[str], known: Mapping[str, ImageInfo]) -> bytes:
    """What tells whether images are known to be what they were."""
    return digest_of([(address, *_said(known.get(address))) for address in addresses])


def _parse(lock: Path, number: int, line: bytes) -> ImageInfo:
    try:
        facts = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"is no line that `feeds probe` writes ({error}); expected none but those, or take this one out"
        raise ConfigError([LocatedDiagnostic(str(lock), number, message, "images-file-unreadable")]) from error
    return facts if facts.asked.tzinfo else msgspec.structs.replace(facts, asked=facts.asked.replace(tzinfo=dt.UTC))


def _said(facts: ImageInfo | None) -> Sequence[object]:
    """What of the facts an entry may show."""
    return (facts.type, facts.length, facts.width, facts.height, facts.dead) if facts else ()


def _measured(enclosure: Enclosure, facts: ImageInfo | None) -> Enclosure:
    """What was measured beats what an article says, but that is asked for the size in pixels first."""
    if facts is None:
        return enclosure
    has_size = bool(enclosure.width and enclosure.height)
    return msgspec.structs.replace(
        enclosure,
        type=facts.type or enclosure.type,
        length=facts.length or enclosure.length,
        width=enclosure.width if has_size else facts.width or enclosure.width,
        height=enclosure.height if has_size else facts.height or enclosure.height,
    )


def _is_dropped(address: str, known: Mapping[str, ImageInfo], settings: Enclosures) -> bool:
    facts = known.get(address)
    return settings.dead == "drop" and facts is not None and facts.dead
