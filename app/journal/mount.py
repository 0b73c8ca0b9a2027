"""On what kind of file system a folder lies: locks and syncs of a network one can't be relied on.

A flock may be kept on this machine alone there, and then two servers act; what was synced may be lost with a machine
that nobody here sees.
"""

from pathlib import Path

from app.errors import Misconfigured

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.davfs"),
    )
)


def refuse_network(folder: Path, mountinfo: Path = _MOUNTS) -> None:
    """Raises Misconfigured (JOURNAL_ON_NETWORK). Where the system does not tell, nothing is refused."""
    try:
        mounts = mountinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    kind = kind_of(folder.resolve(), mounts)
    if kind in _NETWORK:
        raise Misconfigured(
            f"the journal folder {folder} is on a network file system ({kind}): its lock would not keep a second server"
            " away",
            code="JOURNAL_ON_NETWORK",
            hint="give a data directory on a local disk",
        )


def kind_of(folder: Path, mounts: str) -> str:
    """Of the mount that a resolved path is in, as the lines of /proc/self/mountinfo say; the last one wins where
    several are on one place. "" where none is."""
    found, depth = "", -1
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5 or not rest:
            continue
        place = Path(parts[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = rest.split(" ")[0], len(place.parts)
    return found
