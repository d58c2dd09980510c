"""Lists that must agree: processes, queues, steps, providers; a new one that was forgotten somewhere is named."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from jalapeno.catalog import CATALOG
from jalapeno.factory import BLUEPRINTS
from jalapeno.queue import QUEUES
from jalapeno.queue import STEPS as QUEUE_OF
from jalapeno.settings import ROLES, SETTINGS
from jobs.pipeline import STEPS
from jobs.providers import PROVIDERS
from tests.house.tree import ROOT, code, files_with, text_of


def processes(name: str) -> dict[str, str]:
    """A Procfile: process -> command."""
    return dict(line.split(": ", 1) for line in text_of(name).splitlines() if line and not line.startswith("#"))


def modules(folder: str) -> set[str]:
    """The modules and packages right below a folder."""
    found = {Path(name).relative_to(folder).parts[0] for name in files_with(".py", under=(folder + "/",))}
    return {name.removesuffix(".py") for name in found} - {"__init__"}


def test_every_queue_has_its_worker_in_both_procfiles() -> None:
    for name in ("Procfile", "Procfile.dev"):
        started = {process: re.findall(r"jobs\.worker (\w+)$", line) for process, line in processes(name).items()}
        assert {process: found for process, found in started.items() if found} == {queue: [queue] for queue in QUEUES}


def test_every_role_that_serves_is_a_process_and_the_other_way_round() -> None:
    serving = set(ROLES) - {"migrations"}
    assert processes("Procfile").keys() == serving | {"release"}
    assert "alembic" in processes("Procfile")["release"]
    assert processes("Procfile.dev").keys() == serving | {"postgres", "valkey"} | set(CATALOG)


def test_every_process_of_development_starts_with_its_own_environment() -> None:
    for process, line in processes("Procfile.dev").items():
        assert f"-m dev.process {process} -- " in line


def test_the_steps_are_the_files_of_jobs_steps() -> None:
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
    assert set(names) == modules("jobs/steps") == QUEUE_OF.keys()
    assert set(QUEUE_OF.values()) == set(QUEUES)


def test_every_step_that_is_asked_for_exists_and_every_step_is_asked_for() -> None:
    asked = set()
    for name, _ in code():
        asked |= set(re.findall(r"queue\.enqueue\(\s*[\w.()]+,\s*\"(\w+)\"", text_of(name)))
    by_variable = {"transcribe", "extract"}  # a meeting's first step is chosen by what is wanted
    by_the_clock = set(re.findall(r"'(?:media|connections)', '(\w+)'", text_of("migrations/versions/0006_rights.py")))
    assert asked - QUEUE_OF.keys() == set()
    assert by_the_clock - QUEUE_OF.keys() == set()
    assert QUEUE_OF.keys() - asked - by_variable - by_the_clock == set()


def test_a_provider_is_in_the_catalog_has_a_package_an_emulator_and_settings() -> None:
    floor = {"base", "errors", "sending"}  # what all of them stand on
    assert CATALOG.keys() == PROVIDERS.keys() == modules("jobs/providers") - floor
    emulated = {name.split("/")[2] for name in files_with("__main__.py", under=("dev/emulators/",))}
    assert emulated == CATALOG.keys()
    attributes = {row.attribute for row in SETTINGS}
    for name, entry in CATALOG.items():
        assert entry.name == name
        assert {entry.client_id, entry.auth_url} <= attributes


def test_the_contract_of_providers_names_each_of_them() -> None:
    parsed = ConfigParser()
    parsed.read_string(text_of("setup.cfg"))
    alone = parsed["importlinter:contract:providers-need-nothing"]["source_modules"].split()
    assert {f"jobs.providers.{name}" for name in CATALOG} <= set(alone)


def test_every_feature_is_registered_and_stands_in_the_contract() -> None:
    parsed = ConfigParser()
    parsed.read_string(text_of("setup.cfg"))
    floors = parsed["importlinter:contract:floors-of-jalapeno"]["layers"]
    (doors,) = [line.split("|") for line in floors.splitlines() if "auth" in line]
    assert {door.strip() for door in doors} == {*BLUEPRINTS, "cli"}
    with_a_blueprint = {
        name.split("/")[1] for name in files_with(".py", under=("jalapeno/",)) if "Blueprint(" in text_of(name)
    }
    assert with_a_blueprint == set(BLUEPRINTS)


def test_every_setting_is_read_by_somebody() -> None:
    """A setting that nobody reads is a promise that nobody keeps."""
    everything = "\n".join(text_of(name) for name, _ in code(under=("jalapeno/", "jobs/", "migrations/", "wsgi.py"))
                           if name != "jalapeno/settings.py")  # fmt: skip
    checked_in_settings = {"jalapeno_env", "allow_folder_blobs"}
    by_name = {entry.client_id for entry in CATALOG.values()} | {entry.auth_url for entry in CATALOG.values()}
    unread = [row.name for row in SETTINGS if not re.search(rf"settings\.{row.attribute}\b", everything)]
    one_choice = {"transcriber", "extractor"}  # the name of the one engine there is: nothing to choose yet
    assert {name.lower() for name in unread} - checked_in_settings - by_name == one_choice
    assert {row.default for row in SETTINGS if row.attribute in one_choice} == {"local"}


def test_the_package_of_the_app_holds_the_app_and_nothing_of_development() -> None:
    parsed = ConfigParser()
    parsed.read_string(text_of("setup.cfg"))
    assert parsed["options.packages.find"]["include"].split() == ["jalapeno*", "jobs*"]
    assert (ROOT / "jalapeno").is_dir()
