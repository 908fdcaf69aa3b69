"""Whether a file lies on a drive that another machine serves."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath

import pytest

from rulekit.runtime import drive
from tests.command_line import called

LINUX = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 27 0:50 / /srv/shared\040files rw,relatime shared:7 master:2 - cifs //host/files rw,vers=3.0
41 40 8:2 / /srv/shared\040files/own rw - xfs /dev/sdb1 rw
42 27 0:51 / /home/nas rw - nfs4 host:/home rw
43 42 8:3 / /home/nas rw - ext4 /dev/sdc1 rw
"""
MAC = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
//me@host/my%20files on /Volumes/my files (smbfs, nodev, nosuid, mounted by me)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


@pytest.mark.parametrize(
    ("text", "read", "path", "kind"),
    [
        (LINUX, drive._of_linux, "/srv/shared files/day.journal", "cifs"),
        (LINUX, drive._of_linux, "/srv/shared files/own/day.journal", None),
        (LINUX, drive._of_linux, "/srv/shared filesystem/day.journal", None),
        (LINUX, drive._of_linux, "/home/nas/day.journal", None),
        (LINUX, drive._of_linux, "/var/day.journal", None),
        (MAC, drive._of_mount, "/Volumes/my files/day.journal", "smbfs"),
        (MAC, drive._of_mount, "/Volumes/other/day.journal", None),
        ("nothing that is understood", drive._of_linux, "/var/day.journal", None),
    ],
)
def test_the_innermost_and_latest_mount_says_it(text: str, read: object, path: str, kind: str | None) -> None:
    assert callable(read)
    assert drive.kind_of(PurePosixPath(path), read(text)) == kind  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux lists")
def test_doctor_and_run_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"27 1 8:1 / / rw - ext4 /dev/sda1 rw\n42 27 0:51 / {tmp_path} rw - nfs4 host:/x rw\n", "utf-8")
    (tmp_path / "my.policy").write_text("exit at 10% profit\n", encoding="utf-8")
    run = ("run", "--policy", "my.policy", "--feed", "nowhere.csv", "--journal", "day.journal")
    assert "network drive" not in called(*run, cwd=tmp_path).stderr
    monkeypatch.setattr(drive, "MOUNTS", mounts)
    assert drive.served_by_another(tmp_path / "new" / "day.journal") == "nfs4"
    remedy = "keep the journal on this machine's own disk, or in PostgreSQL"
    looked = called("doctor", "--broker", "paper", cwd=tmp_path)
    assert looked.returncode == 0
    assert f"warn  disk: {tmp_path} lies on a network drive (nfs4) -> {remedy}" in looked.stdout
    assert f"note: day.journal lies on a network drive (nfs4): {remedy}" in called(*run, cwd=tmp_path).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a right there")
def test_whoever_cannot_tell_does_not_warn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert drive.served_by_another(tmp_path / "a" / "day.journal") is None
    monkeypatch.setattr(drive, "MOUNTS", tmp_path / "there is none")
    assert drive.served_by_another(tmp_path) is None
