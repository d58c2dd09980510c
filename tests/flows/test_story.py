"""The main job from end to end: a recording becomes reviewed issues in Linear, and what happens there shows here.

One story, told in order on one meeting: real processes, real speech, and an emulator in place of Linear.
"""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.conftest import SMALL
from tests.flows.forms import form_to, forms
from tests.flows.person import Person, text_of

pytestmark = [pytest.mark.flow, pytest.mark.speech, pytest.mark.timeout(420)]
BACK_WITHIN = 5.0  # seconds from a change there to its sign here


class Story:
    """One meeting of one person, and what happens to it."""

    def __init__(self, person: Person, recording: Path) -> None:
        self.person, self.stack, self.recording = person, person.stack, recording
        self.linear = person.stack.linear
        self.meeting = ""

    @property
    def id(self) -> str:
        return self.meeting.rpartition("/")[2]

    def items(self, review: str | None = None) -> list[dict[str, Any]]:
        query = "select * from action_item where meeting_id = %s and %s in (review, '') order by ordinal_ms, id"
        return self.stack.rows(query, self.id, review or "")

    def item(self, item_id: Any) -> dict[str, Any]:
        return self.stack.rows("select * from action_item where id = %s", item_id)[0]

    def has_runs(self, number: int) -> bool:
        return bool(self.stack.value("select count(*) from extraction_run where meeting_id = %s", self.id) == number)

    def decide(self, item_id: Any, what: str) -> None:
        self.person.submit(self.meeting, f"/action-items/{item_id}/{what}")

    def push(self, item_id: Any, **chosen: str) -> dict[str, str]:
        """Choose, look at what would leave then, and send it; what the page showed."""
        path = f"/action-items/{item_id}/push"
        page = self.person.get(path)
        if chosen:
            again = self.person.send(form_to(page, path, path), 303, look="1", **chosen).headers["Location"]
            page = self.person.get(again)
        self.person.send(form_to(page, path, path))
        assert self.stack.value("select count(*) from delivery where action_item_id = %s", item_id) == 1
        return shown_payload(page)

    def issue_of(self, item_id: Any, seconds: float = 30) -> dict[str, Any]:
        """The issue that the item became, once the link to it is stored."""
        query = "select external_id from external_link where action_item_id = %s"
        known = self.stack.wait(lambda: self.stack.value(query, item_id), "the item is an issue", seconds)
        return next(issue for issue in self.linear.issues if issue["id"] == known)

    def set_state_there(self, issue: dict[str, Any], state: str) -> None:
        """Somebody changes the issue on its page in Linear."""
        with httpx.Client(timeout=30) as there:
            form = forms(there.get(issue["url"]).text, issue["url"])[0]
            there.post(issue["url"], data={**form.fields, "state": form.options["state"][state]})

    def state_here(self, item_id: Any, status: str) -> None:
        self.stack.wait(lambda: self.item(item_id)["status"] == status, f"{status} here", BACK_WITHIN, every=0.05)


def shown_payload(page: str) -> dict[str, str]:
    """What the preview says will leave, exactly as written between the tags."""
    found = re.findall(r'<(\w+)[^>]* data-payload="([a-z-]+)">(.*?)</\1>', page, re.DOTALL)
    return {name: html.unescape(value) for _tag, name, value in found}


def test_a_recording_becomes_issues_and_comes_back(person: Person, real_meeting: Path) -> None:
    person.stack.linear.reset()  # what other tests left there
    story = Story(person, real_meeting)
    upload(story)
    words_in_order(story)
    listen(story)
    correct_a_word(story)
    made = add_from_words(story)
    review(story)
    connect(story)
    pushed = push_what_was_shown(story, made)
    closed_there_is_done_here(story, made, pushed)
    cancelled_is_not_done(story)
    revoked_waits_and_reconnects(story)
    again_changes_nothing(story)
    the_same_file_is_noticed(story)
    delete(story)


def upload(story: Story) -> None:
    person = story.person
    told = {"speakers": "2"} if story.recording.name == SMALL else {}  # one synthesizer's two voices are much alike
    story.meeting = person.upload(story.recording, title="Release planning", held_at="2026-11-23T10:00", **told)
    seen: list[str] = []

    def ready() -> bool:
        answer = person.http.get(f"{story.meeting}/status", headers={"HX-Request": "true"})
        seen.append(text_of(answer.text))
        return person.state(story.meeting) not in {"stored", "transcribed"}

    person.stack.wait(ready, "the meeting is read", 240, every=1.5)
    assert person.state(story.meeting) == "in_review", person.stack.last_lines()
    assert any(words.startswith("Listening") for words in seen), seen
    assert not [words for words in seen if "broke" in words or "did not work" in words]


def words_in_order(story: Story) -> None:
    page = story.person.get(story.meeting)
    segments = story.stack.rows("select * from segment where meeting_id = %s order by ordinal", story.id)
    assert segments
    assert passages(page) == [segment["content"] for segment in segments]
    voices = {segment["speaker_id"] for segment in segments}
    assert None not in voices
    assert len(voices) >= 2
    assert "Speaker 1" in text_of(page)
    assert "Speaker 2" in text_of(page)
    assert len(story.items("suggested")) >= 4
    every_quote_stands_there(story)


def passages(page: str) -> list[str]:
    """The transcript as the page shows it: the words of each passage, without their marks."""
    found = re.findall(r'<p class="passage-text"[^>]*>(.*?)</p>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found]


def every_quote_stands_there(story: Story) -> None:
    quotes = story.stack.rows(
        """select e.quote, substr(s.content, e.start_char + 1, e.end_char - e.start_char) as there, e.action_item_id,
                  e.start_ms >= s.start_ms and e.end_ms <= s.end_ms + 1 as within
           from evidence e join segment s on s.workspace_id = e.workspace_id and s.id = e.segment_id
           join action_item i on i.workspace_id = e.workspace_id and i.id = e.action_item_id
           where i.meeting_id = %s""",
        story.id,
    )
    assert {quote["action_item_id"] for quote in quotes} == {item["id"] for item in story.items()}
    assert all(quote["quote"] == quote["there"] for quote in quotes)
    assert all(quote["within"] for quote in quotes)
    page = text_of(story.person.get(story.meeting))
    assert all(text_of(quote["quote"]) in page for quote in quotes)


def listen(story: Story) -> None:
    whole = story.recording.read_bytes()
    audio = f"{story.meeting}/audio"
    answer = story.person.http.get(audio, headers={"Range": "bytes=1000-1999"})
    assert (answer.status_code, answer.content) == (206, whole[1000:2000])
    assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert story.person.http.get(audio).content == whole
    assert story.person.http.get(audio, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    peaks = story.person.http.get(f"{story.meeting}/peaks").json()
    assert max(peaks["peaks"]) > 20


def correct_a_word(story: Story) -> None:
    segment = story.stack.rows(
        "select s.* from segment s join evidence e on e.segment_id = s.id where s.meeting_id = %s limit 1", story.id
    )[0]
    path = f"{story.meeting}/segments/{segment['id']}"
    first, _space, rest = segment["content"].partition(" ")
    story.person.submit(path, f"{path}/text", content=f"Jalapeño {rest}")
    content = story.stack.value("select content from segment where id = %s", segment["id"])
    assert content == f"Jalapeño {rest}"
    kept = story.stack.rows("select before, after from correction where segment_id = %s", segment["id"])
    assert [(row["before"], row["after"]) for row in kept] == [(first, "Jalapeño")]
    every_quote_stands_there(story)


def add_from_words(story: Story) -> Any:
    """An item of words that somebody selected: it is locked to them."""
    segment = story.stack.rows("select * from segment where meeting_id = %s order by ordinal limit 1", story.id)[0]
    words = segment["content"].split(" ")
    start, end = len(words[0]) + 1, len(" ".join(words[:4]))
    path = f"{story.meeting}/items/new"
    page = f"{path}?first_segment={segment['id']}&last_segment={segment['id']}&start_char={start}&end_char={end}"
    form = form_to(story.person.get(page), page, f"{story.meeting}/items")
    for _twice in range(2):  # a second click adds nothing
        story.person.send(form, title="Greet everybody", due_on="2026-12-01")
    made = [item for item in story.items() if item["source"] == "human"]
    assert [(item["title"], item["review"]) for item in made] == [("Greet everybody", "suggested")]
    quote = story.stack.value("select quote from evidence where action_item_id = %s", made[0]["id"])
    assert quote == " ".join(words[1:4])
    return made[0]["id"]


def review(story: Story) -> None:
    """Edit the first suggestion, accept it and one more; reject another, change one's mind, reject it again."""
    edited, plain, rejected = [item["id"] for item in story.items("suggested") if item["source"] == "model"][:3]
    path = f"/action-items/{edited}/edit"
    story.person.submit(path, path, title="Send the numbers to the customer", due_on="2026-12-24")
    for item in (edited, plain, rejected):
        story.decide(item, "accept")
    story.decide(rejected, "undo")
    assert story.item(rejected)["review"] == "suggested"
    story.decide(rejected, "reject")
    assert story.item(edited)["title"] == "Send the numbers to the customer"
    assert [story.item(item)["review"] for item in (edited, plain, rejected)] == ["accepted", "accepted", "rejected"]
    story.person.get(f"/action-items/{edited}/push", 409)  # nothing is connected yet
    assert story.linear.issues == []


def connect(story: Story) -> None:
    story.person.connect()
    story.stack.wait(lambda: "Within seconds" in story.person.card(), "the webhook is there", every=1)
    assert "Connected" in story.person.card()
    assert story.stack.linear.stats["exchanges"] == 1
    page = story.person.get("/integrations")
    target = f"/integrations/{story.person.integration()['id']}/target"
    form = form_to(page, "/integrations", target)
    story.person.send(form, target=form.options["target"]["Engineering"])


def push_what_was_shown(story: Story, made: Any) -> dict[str, Any]:
    """What arrives is what was shown, and only that."""
    story.person.get(f"/action-items/{made}/push", 409)  # nobody accepted it yet
    story.decide(made, "accept")
    shown = story.push(made)
    issue = story.issue_of(made)
    assert shown == {
        "title": issue["title"], "description": issue["description"], "due": issue["due_date"],
        "link-title": issue["attachments"][0]["title"], "link-subtitle": issue["attachments"][0]["subtitle"],
        "link-url": issue["attachments"][0]["url"],
    }  # fmt: skip
    assert (shown["title"], shown["due"]) == ("Greet everybody", "2026-12-01")
    assert shown["link-url"] == f"{story.stack.url}/action-items/{made}"
    assert len(issue["attachments"]) == 1
    assert issue["identifier"].startswith("ENG-")
    assert "Speaker 1" in issue["description"]
    story.person.get(f"/action-items/{made}")  # where the link leads
    assert issue["identifier"] in text_of(story.person.get(story.meeting))
    return issue


def closed_there_is_done_here(story: Story, made: Any, issue: dict[str, Any]) -> None:
    assert story.item(made)["status"] == "open"
    story.set_state_there(issue, "Done")
    story.state_here(made, "done")
    page = story.person.get(f"/action-items/{made}")
    assert "Done" in text_of(page)
    heard = """select id from webhook_delivery where external_id = %s and event = 'Issue.update'
               and handled_at is not null and result in ('changed', 'same')"""
    story.stack.wait(lambda: story.stack.value(heard, issue["id"]), "the webhook is handled", 10)


def cancelled_is_not_done(story: Story) -> None:
    edited = next(item for item in story.items("accepted") if item["title"] == "Send the numbers to the customer")
    quote = story.stack.value("select quote from evidence where action_item_id = %s", edited["id"])
    shown = story.push(edited["id"], include_quote="0")
    issue = story.issue_of(edited["id"])
    assert (shown["title"], shown["description"]) == (issue["title"], issue["description"])
    assert quote[:20] not in issue["description"]
    story.set_state_there(issue, "Canceled")
    story.state_here(edited["id"], "cancelled")
    page = text_of(story.person.get(f"/action-items/{edited['id']}"))
    assert "Cancelled" in page
    assert "Done" not in page


def revoked_waits_and_reconnects(story: Story) -> None:
    person = story.person
    waiting = next(item["id"] for item in story.items("accepted") if item["status"] is None)
    before = len(story.linear.issues)
    httpx.post(f"{story.linear.url}/apps/remove")
    story.stack.wait(lambda: person.integration()["state"] == "needs_reconnect", "the end of the access is noticed")
    assert "Needs a reconnect" in person.card()
    story.push(waiting)
    state = "select state from delivery where action_item_id = %s"
    assert story.stack.value(state, waiting) == "waiting"
    assert "Waits for the connection" in text_of(person.get(f"/action-items/{waiting}"))
    assert "1 item waits" in person.card()
    assert len(story.linear.issues) == before
    person.connect()
    issue = story.issue_of(waiting)
    assert len(story.linear.issues) == before + 1
    assert issue["title"] == story.item(waiting)["title"]
    assert "Connected" in person.card()


def again_changes_nothing(story: Story) -> None:
    """Reading the transcript again, then listening again: what people decided stays, and nothing leaves twice."""
    decided = [item for item in story.items() if item["review"] != "suggested" or item["edited_fields"]]
    assert {item["review"] for item in decided} == {"accepted", "rejected"}
    issues, open_items = story.linear.issues, len(story.items())
    for what, runs in (("extract", 2), ("transcribe", 3)):
        form = next(
            form for form in forms(story.person.get(story.meeting), story.meeting)
            if form.action == f"{story.meeting}/reprocess"
        )  # fmt: skip
        story.person.send(form, what=what)
        story.stack.wait(partial(story.has_runs, runs), what, 240)
        story.person.wait_for(story.meeting)
        assert [story.item(item["id"]) for item in decided] == decided
        assert len(story.items()) == open_items
    assert story.linear.issues == issues
    assert story.stack.value("select count(*) from outbox where row_id = %s or step = 'push'", story.id) == 0


def the_same_file_is_noticed(story: Story) -> None:
    copy = story.person.upload(story.recording)
    page = story.person.get(copy)
    assert "You have this recording already" in text_of(page)
    assert "Release planning" in text_of(page)
    assert story.stack.value("select count(*) from outbox where row_id = %s", copy.rpartition("/")[2]) == 0
    story.person.send(form_to(page, copy, f"{copy}/delete"))
    gone(story, copy)


def delete(story: Story) -> None:
    issues = story.linear.issues
    blob = story.stack.blobs / story.stack.value("select blob_name from recording where meeting_id = %s", story.id)
    assert blob.read_bytes() == story.recording.read_bytes()
    page = f"{story.meeting}/delete"
    story.person.submit(page, page)
    story.person.get(story.meeting, 404)
    gone(story, story.meeting)
    assert not blob.exists()
    assert story.linear.issues == issues
    assert story.items() == []


def gone(story: Story, meeting: str) -> None:
    """Nothing of a deleted meeting is left in any table but the audit log."""
    key = meeting.rpartition("/")[2]
    story.stack.wait(lambda: not story.stack.rows("select 1 from meeting where id = %s", key), "the meeting is erased")
    for table in ("recording", "segment", "transcript_revision", "extraction_run", "action_item", "speaker"):
        assert story.stack.rows(f"select 1 from {table} where meeting_id = %s", key) == [], table
