"""The rules of tests/plugins/rules.py are themselves tested: a guard that guards nothing is worse than none."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.rules import is_this_machine

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", None, b"localhost", "0.0.0.0"])
def test_this_machine_may_be_reached(host: str | bytes | None) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "10.0.0.1", "localhost.example.com", "2001:db8::1"])
def test_other_machines_may_not(host: str) -> None:
    assert not is_this_machine(host)


def test_a_connection_to_another_machine_fails_the_test() -> None:
    with socket.socket() as link, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        link.connect(("192.0.2.1", 80))
    with pytest.raises(pytest.fail.Exception, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)


def run_pytest(folder: Path, source: str, *options: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.plugins.services", "tests.plugins.rules"]\n')
    (folder / "test_sample.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_a_skip_with_an_unlisted_reason_fails_the_run(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, "import pytest\ndef test_one():\n    pytest.skip('too slow')\n")
    assert code == 1
    assert "does not list: too slow" in output
    assert "1 failed" in output.splitlines()[-1]


def test_a_module_that_skips_itself_for_an_unlisted_reason_fails_the_run(tmp_path: Path) -> None:
    source = "import pytest\npytest.skip('not today', allow_module_level=True)\n"
    code, output = run_pytest(tmp_path, source)
    assert code != 0
    assert "does not list: not today" in output


def test_a_skip_with_a_listed_reason_stays_a_skip(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.skipif(True, reason='SAMPLES_DIR is not set')\ndef test_one():\n    pass\n"
    code, output = run_pytest(tmp_path, source)
    assert code == 0
    assert "1 skipped" in output


def test_an_expected_failure_is_not_taken_for_a_skip(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_one():\n    assert False\n"
    code, output = run_pytest(tmp_path, source)
    assert code == 0
    assert "1 xfailed" in output


def test_heavy_tests_never_run_at_once(tmp_path: Path) -> None:
    source = f"""
import pathlib, time, pytest

@pytest.mark.flow
@pytest.mark.parametrize("number", range(4))
def test_one(number):
    mine = pathlib.Path({str(tmp_path)!r}) / "running"
    mine.touch(exist_ok=False)
    time.sleep(0.2)
    mine.unlink()
"""
    code, output = run_pytest(tmp_path, source, "-n", "2")
    assert code == 0, output
    assert "4 passed" in output


def test_names_of_tests_hold_no_ids_and_keys_that_are_made_anew(tmp_path: Path) -> None:
    source = """
import base64, os, uuid, pytest

KEY = "1:" + base64.b64encode(os.urandom(32)).decode()

@pytest.mark.parametrize("text", ["plain", f"owner-{uuid.uuid4()}", uuid.uuid4().hex.upper(), KEY])
def test_one(text):
    pass
"""
    code, output = run_pytest(tmp_path, source, "-n", "2")
    assert code == 0, output
    assert "4 passed" in output
