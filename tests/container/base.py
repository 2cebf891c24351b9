"""The roots that stand for base images: what debootstrap makes of a distribution's archive."""

import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import NamedTuple


class Release(NamedTuple):
    """A release of a distribution: where it is, and which of debootstrap's scripts makes it."""

    suite: str
    mirror: str
    components: str
    script: str
    keyring: str


_UBUNTU = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
_DEBIAN = "/usr/share/keyrings/debian-archive-keyring.gpg"
RELEASES = {
    "ubuntu:24.04": Release("noble", "archive.ubuntu.com/ubuntu", "main,universe", "gutsy", _UBUNTU),
    "debian:trixie-slim": Release("trixie", "deb.debian.org/debian", "main", "sid", _DEBIAN),
}


def missing(image: str) -> str | None:
    """Why the root of an image cannot be made here; None if it can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs root, for chroot and mount"
    for program in ("debootstrap", "unshare", "chroot"):
        if shutil.which(program) is None:
            return f"needs {program}"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode:
        return "needs the right to make namespaces (unshare --mount --pid)"
    release = RELEASES[image]
    try:
        urllib.request.urlopen(f"http://{release.mirror}/dists/{release.suite}/Release", timeout=20).close()
    except OSError as error:
        return f"needs {release.mirror}: {error}"
    return None


def make(image: str, root: Path) -> None:
    """Fill ``root``. The archive's signature is checked where its key is; else it is fetched by https."""
    release = RELEASES[image]
    known = Path(release.keyring).is_file()
    trust = f"--keyring={release.keyring}" if known else "--no-check-gpg"
    subprocess.run(
        [
            *("debootstrap", "--variant=minbase", trust, f"--components={release.components}"),
            *(release.suite, str(root), f"{'http' if known else 'https'}://{release.mirror}"),
            f"/usr/share/debootstrap/scripts/{release.script}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    # Inside the root apt has the key, and no certificates for https.
    sources = f"deb http://{release.mirror} {release.suite} {release.components.replace(',', ' ')}\n"
    (root / "etc/apt/sources.list").write_text(sources, encoding="utf-8")
