"""The forms of a page as a browser sees them: where each goes, and what it sends when nobody types anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSENT = {"submit", "button", "reset", "file", "image"}


@dataclass
class Form:
    """One form. `options`: what each list offers, label -> value. `buttons`: (name, value) of those that send one."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms = path, list[Form]()
        self._form: Form | None = None
        self._select = self._option = self._area = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(known.get("action") or self.path, known.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and known.get("name") and known.get("type") not in _UNSENT:
            ticked = known.get("type") in {"checkbox", "radio"}
            if not ticked or "checked" in known:
                self._form.fields[known["name"]] = known.get("value", "on" if ticked else "")
        elif tag == "button" and known.get("name"):
            self._form.buttons.append((known["name"], known.get("value", "")))
        elif tag == "select":
            self._select = known["name"]
            self._form.options[self._select] = {}
        elif tag == "option" and self._select:
            self._option, self._text = known.get("value", ""), []
            if "selected" in known or self._select not in self._form.fields:
                self._form.fields[self._select] = self._option
        elif tag == "textarea":
            self._area, self._text = known["name"], []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif self._form is None:
            return
        elif tag == "option" and self._select:
            self._form.options[self._select]["".join(self._text).strip()] = self._option
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._form.fields[self._area] = "".join(self._text).removeprefix("\n")


def forms(page: str, path: str) -> list[Form]:
    """All forms of the page at `path`."""
    reader = _Reader(path)
    reader.feed(page)
    return reader.forms


def form_to(page: str, path: str, action: str) -> Form:
    """The first form of the page that goes to `action`, without what follows a question mark."""
    found = forms(page, path)
    for form in found:
        if form.action.partition("?")[0] == action:
            return form
    raise AssertionError(f"{path} has no form to {action}; its forms go to {[form.action for form in found]}")
