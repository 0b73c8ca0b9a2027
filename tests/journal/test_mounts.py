"""Network file systems are refused for the journal, whatever lies over or under them; all others are taken."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.journal.mounts import file_system_of, is_network, refuse_network
from app.journal.sqlite import SqliteJournal
from tests.servers.small_disk import NOT_RUN, can_mount, small_disk

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt rw - nfs4 files:/export rw,vers=4.2
31 30 0:41 / /mnt/local\\040disk rw - xfs /dev/vdb rw
32 22 0:42 / /home/ann/remote rw - fuse.sshfs ann@far:/ rw
33 22 8:1 / /media/usb rw - fuseblk /dev/sda1 rw
34 22 0:43 / /over rw - ext4 /dev/vdc rw
35 22 0:44 / /over rw master:2 - cifs //server/share rw
garbage
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/twin", "ext4"),
        ("/mnt/twin/journal", "nfs4"),
        ("/mnt", "nfs4"),
        ("/mntx", "ext4"),
        ("/mnt/local disk/twin", "xfs"),
        ("/home/ann/remote/x", "fuse.sshfs"),
        ("/media/usb/x", "fuseblk"),
        ("/over/x", "cifs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(folder: str, kind: str) -> None:
    assert file_system_of(Path(folder), TABLE)[0] == kind


def test_what_is_of_a_network_is_known() -> None:
    refused = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone"]
    taken = [
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "tmpfs",
        "overlay",
        "fuseblk",
        "fuse.fuse-overlayfs",
        "fuse",
        "ocfs2",
        "virtiofs",
        "",
    ]
    assert [kind for kind in refused if not is_network(kind)] == []
    assert [kind for kind in taken if is_network(kind)] == []


def test_a_journal_on_a_network_is_refused_before_anything_is_made_there(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    folder = tmp_path / "data" / "journal"
    mounts.write_text(f"22 1 254:0 / / rw - ext4 /dev/vda rw\n23 22 0:9 / {tmp_path}/data rw - nfs4 far:/data rw\n")
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(folder, mounts=mounts)
    assert refused.value.code == "JOURNAL_ON_NETWORK"
    assert f"(nfs4: far:/data on {tmp_path}/data)" in refused.value.message
    assert not folder.exists()
    refuse_network(folder, tmp_path / "nothing that tells")


@pytest.mark.skipif(not can_mount(), reason=NOT_RUN)
async def test_what_this_machine_has_mounted_is_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "a disk", 4) as disk:
        kind, _, place = file_system_of(disk, Path("/proc/self/mountinfo").read_text())
        assert (kind, place) == ("tmpfs", str(disk))
        journal = SqliteJournal.open(disk / "journal")
        await journal.close()
