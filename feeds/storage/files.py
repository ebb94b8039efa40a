"""Files of our own: read, replaced atomically, and folders locked.

A file that is renamed before its bytes are on the disk may be empty after a power failure. Where that matters, the
file is flushed first.
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
from feeds.storage.names import display_path, is_utf8, not_utf8, readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: O_BINARY: bytes are read as they are on Windows. O_NONBLOCK: opening a pipe does not wait for a writer.
READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
#: O_EXCL and O_NOFOLLOW: a link at the path of a new file is not followed.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_MODE = 0o666
#: The suffix of a file before it is moved to its path.
TEMPORARY = ".feeds-new"
_HAS_LOCKS = find_spec("fcntl") is not None  # Windows has none
#: Seconds between attempts to lock a folder.
_LOCK_INTERVAL = 0.05
#: Age in seconds from which a temporary file was left by a killed run.
_ABANDONED_AGE = 3600
#: Errors of file systems without fsync, such as some network file systems.
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file; raises OSError, also for a pipe or a device."""
    descriptor = os.open(path, READ_ONLY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Is not a regular file")
        return file.read()


def exists(path: Path) -> bool:
    """Whether there is a file, a folder or a link, even a broken one; raises OSError if that cannot be determined."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_atomically(path: Path, body: bytes, temporary: Path, *, flush: bool) -> int:
    """Write `temporary`, flush it to the disk if asked, and move it to `path`; return the mtime in nanoseconds.

    A file that replaces another one has its group and its mode.
    """
    descriptor = _create(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _copy_access(path, descriptor)
            file.write(body)
            file.flush()
            if flush:
                _fsync(descriptor)
            mtime = os.fstat(descriptor).st_mtime_ns
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return mtime


def _copy_access(path: Path, descriptor: int) -> None:
    """Give an open file the group and the mode of a regular file at `path`, if there is one.

    If the system does not allow the group, the mode stays, too: it may let nobody but the group read.
    """
    with contextlib.suppress(OSError):
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or not hasattr(os, "fchmod"):
            return
        new = os.fstat(descriptor)
        if found.st_gid != new.st_gid:
            os.fchown(descriptor, -1, found.st_gid)
        if found.st_mode != new.st_mode:
            os.fchmod(descriptor, found.st_mode & 0o777)


def temporary_path(path: Path) -> Path:
    """A path beside `path` that no other writer of the same file uses."""
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}{TEMPORARY}")


def replace_file(path: Path, body: bytes) -> None:
    """Replace a file atomically while others may replace it too; raises OSError."""
    write_atomically(path, body, temporary_path(path), flush=True)
    _remove_abandoned(path)


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files of `path` that killed runs left."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}")
    for left in path.parent.glob(f".*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            if ours.fullmatch(left.name) and time.time() - left.lstat().st_mtime > _ABANDONED_AGE:
                left.unlink()


def check_replaceable(path: Path) -> None:
    """Raise OSError if the file cannot be replaced, as far as that can be known in advance."""
    temporary = temporary_path(path)
    temporary.touch(exist_ok=False)
    temporary.unlink()


def check_path(folder: Path) -> None:
    """Raise PublishError if the path of a folder, or of the target of a link, is not UTF-8 or is a loop of links."""
    label = readable(display_path(str(folder)))
    try:
        paths = (folder.absolute(), folder.resolve())
    except FileNotFoundError as error:  # the working directory was removed
        raise PublishError(label, f"cannot be found: {error.strerror}") from error
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno != errno.ELOOP:
            raise PublishError(label, f"cannot be used: {error.strerror}") from error
        # RuntimeError before Python 3.13
        raise PublishError(label, "is a link to itself; expected a folder") from error
    for path in paths:
        if not is_utf8(str(path)):
            raise PublishError(label, f"is {not_utf8(path)}")


@contextlib.contextmanager
def locked_folder(folder: Path, timeout: float) -> Iterator[None]:
    """Lock a folder, which is created if needed; raises BlockingIOError after `timeout` seconds.

    The lock is on the folder itself: it needs no file, and it ends with the process that holds it. Where the system or
    the file system has no such locks, this only creates the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = _open_locked(folder, time.monotonic() + timeout) if _HAS_LOCKS else None
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _create(path: Path) -> int:
    """Create an empty file, and its folder if needed."""
    try:
        return os.open(path, _CREATE, _MODE)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, _CREATE, _MODE)


def _fsync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


def _open_locked(folder: Path, deadline: float) -> int:
    """Open and lock the folder. If it was replaced or removed while this waited, lock the new one."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                _lock(descriptor, deadline)
                if os.path.samestat(os.fstat(descriptor), folder.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
        folder.mkdir(parents=True, exist_ok=True)


def _lock(descriptor: int, deadline: float) -> None:
    import fcntl  # noqa: PLC0415  # Windows has none

    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOCK_INTERVAL)
        except OSError:  # the file system has no locks
            return
        else:
            return
