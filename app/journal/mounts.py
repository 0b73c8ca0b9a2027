"""Which file system a folder is on: the journal trusts locks and fsync, and over a network neither can be trusted.

A lock may be forgotten when a file server restarts, or be known to one machine only, so two servers would act on one
plant; an fsync may be answered before anything is on a disk. A file system that is shared but whose locks and syncs are
its own (ocfs2, gfs2) is not among those refused.
"""

import re
from pathlib import Path

from app.errors import Misconfigured

MOUNTS = Path("/proc/self/mountinfo")
# fmt: off
_NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "prl_fs",
    "pvfs2", "smb2", "smb3", "smbfs", "vboxsf",
}
_NETWORK_FUSE = {
    "afpfs", "ceph-fuse", "curlftpfs", "davfs", "davfs2", "gcsfuse", "glusterfs", "goofys", "grpcfuse", "gvfsd-fuse",
    "httpfs", "juicefs", "moosefs", "nfs", "osxfs", "rclone", "s3fs", "s3ql", "seaweedfs", "smbnetfs", "sshfs",
    "vmhgfs-fuse",
}
# fmt: on
_ESCAPED = re.compile(r"\\([0-7]{3})")


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raises Misconfigured (JOURNAL_ON_NETWORK). Where nothing tells what is mounted, nothing is refused."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind, source, place = file_system_of(folder.resolve(), table)
    if is_network(kind):
        raise Misconfigured(
            f"the journal folder {folder} is on a network file system ({kind}: {source} on {place})",
            code="JOURNAL_ON_NETWORK",
            hint="give a data directory on a disk of this machine: locks and fsync cannot be trusted over a network;"
            " a standby needs a disk that both machines reach as a block device, one at a time",
        )


def is_network(kind: str) -> bool:
    """`kind` as the kernel names it: `ext4`, `nfs4`, `fuse.sshfs`."""
    name, _, under = kind.partition(".")
    return name in _NETWORK or (name in ("fuse", "fuseblk") and under in _NETWORK_FUSE)


def file_system_of(folder: Path, table: str) -> tuple[str, str, str]:
    """(kind, source, where it is mounted) by the text of mountinfo; "" where nothing is known. Of two mounts on one
    place the later one covers the other."""
    found, depth = ("", "", ""), -1
    for line in table.splitlines():
        before, dash, after = line.partition(" - ")
        fields, what = before.split(" "), after.split(" ")
        if not dash or len(fields) < 5 or len(what) < 2:
            continue
        place = Path(_plain(fields[4]))
        if (place == folder or place in folder.parents) and len(place.parts) >= depth:
            found, depth = (what[0], _plain(what[1]), str(place)), len(place.parts)
    return found


def _plain(text: str) -> str:
    """Spaces and the like are octal there."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
