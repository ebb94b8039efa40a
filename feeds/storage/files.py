"""Files of our own, read and replaced: whole or not at all, and only those that are files.

A machine may lose its power. A file that is moved to its place before its bytes are on the disk may be empty then, so
who cannot bear that waits for the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from feeds.errors import PublishError
from feeds.storage.names import is_utf8, readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: Where text and bytes are not the same to the system, bytes are meant; a pipe is not waited for.
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

#: Where a new file is to be, a link is not followed.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

#: What the name of a file ends with before it is moved to its place.
TEMPORARY = ".feeds-new"

_MODE = 0o666

_HAS_LOCKS = find_spec("fcntl") is not None  # not on Windows

#: Seconds between two looks at whether another run has ended.
_INTERVAL = 0.05

#: Seconds after which what was left of a file that others may write is nobody's any more.
_ABANDONED = 3600

#: What a file system says that cannot be asked to flush, as some of those that are reached over a network.
_NO_FLUSH = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})


def read_regular(place: Path) -> bytes:
    """The bytes of a file; raises OSError, also where something else has its place, such as a pipe."""
    descriptor = os.open(place, _READ_ONLY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Is not a regular file")
        return file.read()


def is_there(place: Path) -> bool:
    """Whether there is something, be it a link to nowhere; raises OSError where that cannot be known."""
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_whole(place: Path, body: bytes, temporary: Path, *, waits: bool) -> int:
    """Write a file beside its place, and move it there when it is whole, and on the disk if it `waits`; its mtime."""
    descriptor = _open_new(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            if waits:
                _flush(descriptor)
            mtime = os.fstat(descriptor).st_mtime_ns
        temporary.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return mtime


def own_temporary(place: Path) -> Path:
    """Where to write a file before it is moved to its place: beside it, where nobody else who writes it does."""
    return place.with_name(f".{place.name}.{os.urandom(4).hex()}{TEMPORARY}")


def replace_file(place: Path, body: bytes) -> None:
    """Write a file that others may write meanwhile, whole or not at all; raises OSError."""
    write_whole(place, body, own_temporary(place), waits=True)
    _remove_abandoned(place)


def _remove_abandoned(place: Path) -> None:
    """Remove what runs that were killed left of a file, and nothing that others gave a name."""
    ours = re.compile(rf"\.{re.escape(place.name)}\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}")
    for left in place.parent.glob(f".*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            if ours.fullmatch(left.name) and time.time() - left.lstat().st_mtime > _ABANDONED:
                left.unlink()


def check_replaceable(place: Path) -> None:
    """Raise OSError where the file could not be replaced, as far as that can be known before."""
    temporary = own_temporary(place)
    temporary.touch(exist_ok=False)
    temporary.unlink()


def check_name(folder: Path) -> None:
    """Raises PublishError where a folder's path, or that of what it is a link to, is not UTF-8 or has no end."""
    try:
        places = (folder.absolute(), folder.resolve())
    except FileNotFoundError as error:  # the working folder is gone
        raise PublishError(readable(str(folder)), f"cannot be found: {error.strerror}") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: before Python 3.13
        raise PublishError(readable(str(folder)), "is a link to itself; expected a folder") from error
    for place in places:
        if not is_utf8(str(place)):
            message = f"is {readable(str(place))}, which is not UTF-8; expected a path that is"
            raise PublishError(readable(str(folder)), message)


@contextlib.contextmanager
def locked_folder(folder: Path, patience: float) -> Iterator[None]:
    """Keep others out of a folder that is there while this lasts; raises BlockingIOError after so many seconds.

    The lock is on the folder itself: it leaves no file, and goes with the run that has it, however that ends. Where the
    system or the file system has no such locks, there is none.
    """
    descriptor = _open_locked(folder, time.monotonic() + patience) if _HAS_LOCKS else None
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_new(place: Path) -> int:
    """An empty file, in a folder that is made where there is none."""
    try:
        return os.open(place, _NEW, _MODE)
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
    return os.open(place, _NEW, _MODE)


def _flush(descriptor: int) -> None:
    """Wait until the bytes are on the disk; where the file system knows no such thing, go on."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FLUSH:
            raise


def _open_locked(folder: Path, deadline: float) -> int:
    """The folder, locked; another one has its place where it was swapped while this waited."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            _lock(descriptor, deadline)
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, deadline: float) -> None:
    import fcntl  # noqa: PLC0415  # not on Windows

    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_INTERVAL)
        except OSError:  # no locks here
            return
        else:
            return
