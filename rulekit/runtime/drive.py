"""Where a file lies: on this machine's own disk, or on a drive that another machine serves.

SQLite's write-ahead log rests on memory that its readers and writers share, which no network drive keeps
(https://www.sqlite.org/wal.html): a journal there may stop being readable, or take two writers at once.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux lists what is mounted (proc_pid_mountinfo(5))."""
SERVED = frozenset(
    {
        "9p", "afpfs", "afs", "ceph", "cifs", "davfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "prl_fs", "smb2",
        "smb3", "smbfs", "vboxsf", "webdav", "fuse.davfs", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse",
        "fuse.rclone", "fuse.sshfs", "fuse.vmhgfs-fuse",
    }
)  # fmt: skip
"""Kinds of file systems that another machine serves, or this one to a virtual machine in it."""
OWN_DISK = "keep the journal on this machine's own disk, or in PostgreSQL: SQLite's log does not hold over a network"
"""What to do about it."""
_DRIVE_REMOTE = 4  # of GetDriveTypeW


def served_by_another(path: Path) -> str | None:
    """Return the kind of the network drive that a path lies on; None for an own disk, and where that cannot be told."""
    try:
        where = path.resolve()
        if sys.platform == "win32":
            return _of_windows(where)
        mounts = _of_mount(_mount_says()) if sys.platform == "darwin" else _of_linux(MOUNTS.read_text("utf-8"))
        return kind_of(where, mounts)
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError):
        return None  # whoever cannot tell does not warn


def kind_of(path: Path, mounts: Iterable[tuple[Path, str]]) -> str | None:
    """Return the kind of the innermost mount that holds a path if another machine serves it; of two, the later one.

    Args:
        path: absolute.
        mounts: where each is mounted, and its kind.
    """
    holding = [(len(at.parts), place, kind) for place, (at, kind) in enumerate(mounts) if path.is_relative_to(at)]
    kind = max(holding, default=(0, 0, ""))[2]
    return kind if kind in SERVED else None


def _of_linux(text: str) -> Iterator[tuple[Path, str]]:
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > 4:
            yield Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])), after.split(" ")[0]


def _mount_says() -> str:
    return subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True).stdout


def _of_mount(text: str) -> Iterator[tuple[Path, str]]:
    """Read what `mount` prints on a Mac: `//me@host/share on /Volumes/share (smbfs, nodev, nosuid)`."""
    for line in text.splitlines():
        if found := re.fullmatch(r".+? on (/.*) \(([^,)]+).*\)", line):
            yield Path(found[1]), found[2]


def _of_windows(path: Path) -> str | None:
    """Return what a path lies on: a share has two strokes before its name, a mapped one a letter."""
    if sys.platform != "win32":
        return None
    import ctypes

    if path.drive.startswith("\\\\"):
        return "a share"
    return "a share" if ctypes.windll.kernel32.GetDriveTypeW(f"{path.drive}\\") == _DRIVE_REMOTE else None
