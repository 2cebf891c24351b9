"""Runs a command in a folder as its root, in namespaces of its own: the mounts end with it, in any event."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# $1: the root, $2: "rw" or "ro", $3: options of a tmpfs on /tmp or "", $4: the folder for /results or "".
# The devices are those that Docker gives. The host's name servers are bound over the root's, as by Docker.
_MOUNTS = r"""
set -eu
root=$1 mode=$2 tmp=$3 results=$4
shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
for file in resolv.conf hosts; do
    [ -e "$root/etc/$file" ] || : >"$root/etc/$file"
    mount --bind "/etc/$file" "$root/etc/$file"
done
if [ -n "${CERTIFICATES-}" ]; then cp "$CERTIFICATES" "$root/dev/certificates"; fi
if [ -n "$tmp" ]; then mount -t tmpfs -o "$tmp" tmp "$root/tmp"; fi
if [ -n "$results" ]; then mount --bind "$results" "$root/results"; fi
if [ "$mode" = ro ]; then mount -o remount,bind,ro "$root"; fi
exec "$@"
"""


def run(
    root: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: str = "/",
    user: str = "0:0",
    read_only: bool = False,
    tmpfs: str = "",
    results: Path | None = None,
    network: bool = True,
    certificates: str = "",
    timeout: float = 1800,
) -> subprocess.CompletedProcess[str]:
    """The command's exit status and its output, stdout and stderr together. Needs root.

    ``tmpfs``: options of one on ``/tmp``. ``certificates``: a file, to be found at ``/dev/certificates``.
    """
    spaces = ["--mount", "--pid", "--ipc", "--uts", *([] if network else ["--net"])]
    variables = [f"{name}={value}" for name, value in environment.items()]
    inside = ["/usr/bin/env", "--ignore-environment", f"--chdir={folder}", *variables, *command]
    return subprocess.run(
        [
            *("unshare", *spaces, "--fork", "--kill-child", "sh", "-c", _MOUNTS, "sh"),
            *(str(root), "ro" if read_only else "rw", tmpfs, str(results or "")),
            *("chroot", f"--userspec={user}", "--groups=", str(root), *inside),
        ],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CERTIFICATES": certificates},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
