"""A journal is kept off network file systems."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.journal.mount import kind_of, refuse_network

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /mnt/plant\\040data rw shared:2 - nfs4 store:/plant rw,vers=4.2
31 30 8:2 / /mnt/plant\\040data/local rw - xfs /dev/sdb1 rw
32 22 0:26 / /srv rw - ext4 /dev/sdc1 rw
33 22 0:27 / /srv rw - fuse.sshfs me@there:/ rw
a line that is none
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/twins/journal", "ext4"),
        ("/mnt/plant data/journal", "nfs4"),
        ("/mnt/plant data/local/journal", "xfs"),
        ("/mnt/plant database", "ext4"),
        ("/srv/journal", "fuse.sshfs"),
    ],
)
def test_a_folder_is_on_the_nearest_mount_above_it(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), MOUNTS) == kind


def test_a_journal_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:25 / {tmp_path.resolve()} rw - nfs store:/plant rw\n")
    with pytest.raises(Misconfigured) as caught:
        refuse_network(tmp_path / "journal", mounts)
    assert caught.value.code == "JOURNAL_ON_NETWORK"
    assert "(nfs)" in caught.value.message
    refuse_network(tmp_path, tmp_path / "no such file")
