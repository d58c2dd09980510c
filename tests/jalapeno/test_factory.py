from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from jalapeno import create_app
from jalapeno.extensions import db
from jalapeno.factory import BLUEPRINTS
from jalapeno.keyring import new_key
from jalapeno.settings import BadSetting, Settings, SettingsError
from tests.plugins.web import Browser

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("svix", "openai", "azure", "faster_whisper", "av", "scipy", "numpy", "onnxruntime", "dateparser", "rq")


def test_every_feature_is_there(app: Flask) -> None:
    assert set(app.blueprints) == set(BLUEPRINTS)


def test_development_works_over_plain_http(web_env: dict[str, str]) -> None:
    env = {**web_env, "JALAPENO_ENV": "development", "BASE_URL": "http://localhost:8000"}
    app = create_app(Settings.from_env("web", env))
    browser = Browser(app, app.response_class, use_cookies=True)
    for host in ("localhost:8000", "127.0.0.1:8000"):
        answer = browser.get("/auth/login", base_url=f"http://{host}")
        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith("form=")
        assert "Secure" not in cookie
        assert "HttpOnly" in cookie
    assert browser.get("/readyz", base_url="http://127.0.0.1:8000").status_code == 200
    with app.app_context():
        db.engine.dispose()


def test_flask_signs_with_keys_of_its_own(web_env: dict[str, str]) -> None:
    old = web_env["SESSION_KEYS"]
    env = {**web_env, "SESSION_KEYS": f"{new_key(2)},{old}"}
    first, second = (create_app(Settings.from_env("web", e)) for e in (web_env, env))
    assert second.config["SECRET_KEY"] != first.config["SECRET_KEY"]
    assert second.config["SECRET_KEY_FALLBACKS"] == [first.config["SECRET_KEY"]]
    assert first.config["SECRET_KEY"] not in {part.encode() for part in old.split(":")}


def test_what_people_typed_is_in_no_database_error(app: Flask) -> None:
    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True
    with create_app(app.extensions["ground"].settings).app_context():
        assert db.engine.hide_parameters


def test_in_production_http_is_refused(web_env: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="BASE_URL"):
        Settings.from_env("web", {**web_env, "JALAPENO_ENV": "production", "BASE_URL": "http://jalapeno.example"})


def test_a_bad_key_keeps_the_process_from_starting(web_env: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="session keys"):
        create_app(Settings.from_env("web", {**web_env, "SESSION_KEYS": "1:AAAA"}))
    with pytest.raises(BadSetting):
        Settings.from_env("web", {**web_env, "JALAPENO_ENV": "elsewhere"})


def test_nothing_heavy_is_loaded_before_the_first_answer(web_env: dict[str, str]) -> None:
    code = f"""
import sys
from wsgi import app
with app.test_client() as client:
    assert client.get("/auth/login", base_url="https://jalapeno.example").status_code == 200
loaded = [name for name in {HEAVY!r} if name in sys.modules]
print("LOADED", loaded, [name for name in sys.modules if name.split(".")[0] in ("jobs", "dev")])
"""
    env = {**web_env, "PATH": os.environ["PATH"]}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "LOADED [] []" in run.stdout
