"""Somebody with a browser without script: opens pages, fills in forms, follows links."""

from __future__ import annotations

import html
import itertools
import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Self

import httpx

from tests.flows.forms import Form, form_to, forms
from tests.plugins.stack import Stack

PASSWORD = "a correct horse with battery"
_numbers = itertools.count(1)


class Person:
    """One person with an account, a workspace and a session. `answers` holds everything the product said to them."""

    def __init__(self, stack: Stack, *, password: str = PASSWORD) -> None:
        number = next(_numbers)
        self.stack, self.email, self.password = stack, f"ada{number}@example.com", password
        # Its own address, so that what one test does is not counted against another's limit.
        address = f"10.1.{number // 250}.{number % 250 + 1}"
        self.http = httpx.Client(base_url=stack.url, headers={"X-Forwarded-For": address}, timeout=60)
        self.answers: list[httpx.Response] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, status: int = 200) -> str:
        """Open a page."""
        answer = self._answered(self.http.get(path))
        assert answer.status_code == status, f"{path} answered {answer.status_code}: {text_of(answer.text)[:600]}"
        return answer.text

    def submit(self, page: str, action: str, status: int = 303, **typed: str) -> httpx.Response:
        """Open a page, fill in its form to `action`, send it."""
        return self.send(form_to(self.get(page), page, action), status, **typed)

    def send(self, form: Form, status: int = 303, **typed: str) -> httpx.Response:
        """Send a form with what it holds and what was typed."""
        answer = self._answered(self.http.post(form.action, data={**form.fields, **typed}))
        assert answer.status_code == status, (
            f"{form.action} answered {answer.status_code}: {text_of(answer.text)[:600]}"
        )
        return answer

    def register(self) -> Self:
        """Make an account."""
        self.submit(
            "/auth/register", "/auth/register", name="Ada Lindqvist", workspace="Pepper", email=self.email,
            password=self.password, time_zone="Europe/Berlin",
        )  # fmt: skip
        return self

    def log_in(self, status: int = 303) -> None:
        """Sign in with the password."""
        self.submit("/auth/login", "/auth/login", status, email=self.email, password=self.password)

    def log_out(self) -> None:
        """Sign out."""
        self.submit("/meetings", "/auth/logout")

    def upload(self, recording: Path, **typed: str) -> str:
        """Send a recording; the meeting's path."""
        form = form_to(self.get("/uploads/new"), "/uploads/new", "/uploads")
        with recording.open("rb") as file:
            files = {"recording": (recording.name, file, "application/octet-stream")}
            answer = self._answered(self.http.post("/uploads", data={**form.fields, **typed}, files=files))
        assert answer.status_code == 303, f"{recording.name}: {answer.status_code} {text_of(answer.text)[:600]}"
        return str(answer.headers["Location"])

    def state(self, meeting: str) -> str:
        """Where a meeting is, as the database has it: looking there costs no request."""
        return str(self.stack.value("select state from meeting where id = %s", meeting.rpartition("/")[2]))

    def wait_for(self, meeting: str, state: str = "in_review", seconds: float = 120) -> None:
        """Until the meeting is in this state."""
        self.stack.wait(lambda: self.state(meeting) == state, f"{meeting} {state}", seconds, every=0.2)

    def connect(self, who: str = "ada", *, webhook: bool = True) -> str:
        """Connect Linear: leave for its consent page, say yes as this person there, come back. The address back."""
        form = form_to(self.get("/integrations"), "/integrations", "/integrations/linear/connect")
        if not webhook:
            del form.fields["wants_webhook"]
        leaving = link_that_begins(self.send(form, 200).text, self.stack.linear.auth_url)
        with httpx.Client(timeout=30) as there:
            asked = forms(there.get(leaving).text, leaving)[0]
            answered = {**asked.fields, "user": self.stack.linear.user(who).id, "decision": "approve"}
            back = there.post(leaving, data=answered).headers["Location"]
        answer = self._answered(self.http.get(back))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/integrations")
        return back

    def card(self) -> str:
        """What the card of Linear says."""
        return text_of(self.get("/integrations/linear/card"))

    def integration(self) -> dict[str, object]:
        """The connection's row."""
        query = """select i.* from integration i join membership m on m.workspace_id = i.workspace_id
                   join user_account u on u.id = m.user_id where u.email = %s order by i.created_at desc limit 1"""
        return self.stack.rows(query, self.email)[0]

    def wait_connected(self) -> None:
        """Until the connection stands."""
        self.stack.wait(lambda: self.integration()["state"] == "connected", "Linear is connected")

    def letter(self, subject: str) -> str:
        """The newest letter to this person with these words in its subject."""
        return str(self.stack.wait(lambda: self._letters(subject), f"a letter {subject!r}")[-1])

    def _letters(self, subject: str) -> list[str]:
        found = []
        for path in sorted(self.stack.mail.glob("*.eml")):  # their names begin with the time
            letter = message_from_bytes(path.read_bytes(), policy=policy.default)
            if letter["To"] == self.email and subject in letter["Subject"]:
                found.append(letter.get_content())
        return found

    def _answered(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code < 500, f"{answer.request.url} answered {answer.status_code}"
        self.answers.append(answer)
        return answer


def text_of(page: str) -> str:
    """The words of a page, without its tags and scripts."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def link_that_begins(page: str, start: str) -> str:
    """The first link of a page whose address begins so."""
    for address in re.findall(r'href="([^"]+)"', page):
        if html.unescape(address).startswith(start):
            return html.unescape(address)
    raise AssertionError(f"no link to {start}: {text_of(page)[:300]}")
