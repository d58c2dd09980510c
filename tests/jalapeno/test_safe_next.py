from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.safe_next import safe_next

OURS = "https://jalapeno.example/auth/login"

ELSEWHERE = [
    "https://evil.example", "http://evil.example/", "HTTPS:evil.example", "https:evil.example", "https:/evil.example",
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
    "/\\/evil.example", "/ /evil.example", " //evil.example", "/\t/evil.example", "/\n/evil.example",
    "\t//evil.example", "\r\n//evil.example", "/\x00/evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "ftp://evil.example", "blob:https://evil.example/x", "evil.example", "./x", "../x", "?next=x", "#x", "",
    "@evil.example", "https://jalapeno.example@evil.example", "https://jalapeno.example.evil.example",
    "//jalapeno.example@evil.example", "/\u2215/evil.example", "/\uff0fevil.example", "\u3000//evil.example",
    "/auth/login", "/auth/logout", "/auth/x?y", "/x\r\nSet-Cookie: a=b", "/x y", "/" + "x" * 600, "/<script>", '/"x',
]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_anything_but_a_plain_path_of_ours_is_the_front_page(target: str) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize(
    "target", ["/", "/meetings", "/meetings/01a2?x=1&y=%20z", "/action-items?next=//evil.example", "/a/b/../c", "/a//b"]
)
def test_our_own_paths_are_kept(target: str) -> None:
    assert safe_next(target) == target


def test_no_target_is_the_front_page() -> None:
    assert safe_next(None) == "/"


@given(st.text(alphabet="/\\:.@?#%&;=\t\r\n \u3000ahttpsevil"))
def test_whatever_it_is_a_browser_stays_with_us(target: str) -> None:
    kept = safe_next(target)
    # Browsers drop tabs and line ends and read a backslash as a slash.
    read = "".join(char for char in kept if char not in "\t\r\n").replace("\\", "/")
    assert urlsplit(urljoin(OURS, read))[:2] == ("https", "jalapeno.example")
