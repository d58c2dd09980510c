from __future__ import annotations

from tests.plugins.web import Browser, Registrar


def test_who_registers_is_signed_in_with_a_workspace(register: Registrar) -> None:
    account = register()
    page = account.browser.get("/auth/register")
    assert page.status_code == 303
