"""Who PostgreSQL runs as when we are root, and folders that this user can reach.

PostgreSQL refuses to run as root, so as root it runs as `nobody`. That user cannot pass a folder such as /root. We do
not open up folders that are not ours (a chmod of /root for the sake of a test database would be a hole in the machine);
we go where that user may go: programs are copied, and data is placed, under /var/lib/jalapeno-dev, which only root may
write.
As a normal user all this does nothing: programs stay in the virtual environment and data in the data folder.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path
from typing import Any

SYSTEM_FOLDER = Path("/var/lib/jalapeno-dev")


def account() -> pwd.struct_passwd | None:
    """The account to change to, or None when this process is not root and stays who it is."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def reachable(path: Path, who: pwd.struct_passwd) -> bool:
    """Whether this user may read and enter the path: by the permission bits of it and of every folder above."""
    path = path.resolve()
    return all(_allows(part, who, stat.S_IXOTH) for part in path.parents) and _allows(path, who, 0o5)


def _allows(path: Path, who: pwd.struct_passwd, bits: int) -> bool:
    info = path.stat()
    if info.st_uid == who.pw_uid:
        bits <<= 6
    elif info.st_gid == who.pw_gid:
        bits <<= 3
    return info.st_mode & bits == bits


def programs(site: Path, parts: tuple[str, ...], name: str) -> Path:
    """`site`, or where the database's user cannot reach it a folder with copies of these parts; made once per `name`.

    The parts keep their places beside each other, because programs find their libraries by where they are.
    """
    who = account()
    if who is None or all(reachable(site / part, who) for part in parts):
        return site
    target = SYSTEM_FOLDER / name
    if not target.exists():
        _system_folder()
        fresh = SYSTEM_FOLDER / f".{name}.{secrets.token_hex(4)}"
        for part in parts:
            shutil.copytree(site / part, fresh / part, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                mine = path.stat().st_mode & 0o500
                path.chmod(0o200 | mine | mine >> 3 | mine >> 6)
        try:
            fresh.rename(target)
        except OSError:  # another start was quicker
            shutil.rmtree(fresh)
    return target


def place(folder: Path) -> Path:
    """An existing folder with mode 700 that belongs to the database's user: `folder` itself wherever that can be.

    Where it cannot, the folder is made under /var/lib/jalapeno-dev with a random name, and `folder` becomes a link to
    it: a data folder that was removed and made anew never meets the old cluster, whose passwords it no longer knows.
    """
    who = account()
    if who is None or folder.is_symlink():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() or all(_allows(part, who, stat.S_IXOTH) for part in folder.resolve().parents):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, who.pw_uid, who.pw_gid)
        return folder.resolve()
    _system_folder()
    elsewhere = SYSTEM_FOLDER / f"data-{secrets.token_hex(8)}"
    _owner_of(elsewhere).write_text(str(folder.absolute()))
    elsewhere.mkdir(mode=0o700)
    os.chown(elsewhere, who.pw_uid, who.pw_gid)
    folder.symlink_to(elsewhere)
    return elsewhere


def forget(below: Path) -> None:
    """Remove what was placed elsewhere for folders below this one; for tests, whose data nobody wants later."""
    for owner in SYSTEM_FOLDER.glob("data-*.of"):
        if Path(owner.read_text()).is_relative_to(below):
            shutil.rmtree(owner.with_suffix(""), ignore_errors=True)
            owner.unlink(missing_ok=True)


def _owner_of(elsewhere: Path) -> Path:
    return elsewhere.with_name(f"{elsewhere.name}.of")


def _system_folder() -> None:
    SYSTEM_FOLDER.mkdir(mode=0o755, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)  # under a strict umask mkdir would leave it closed


def run_as(who: pwd.struct_passwd | None) -> dict[str, Any]:
    """The arguments that make `subprocess` run a command as this user."""
    return {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def become(who: pwd.struct_passwd) -> None:
    """Give up root for good in this process."""
    os.setgroups([])
    os.setgid(who.pw_gid)
    os.setuid(who.pw_uid)
