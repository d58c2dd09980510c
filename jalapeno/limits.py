"""Every limit, once: how often, how large, how many, how old; with the reason beside it.

Rates are texts of the `limits` library: "10 per 15 minutes". Sizes are bytes or characters, ages seconds.
"""

from __future__ import annotations

from typing import Final

# --- Rates -----------------------------------------------------------------------------------------------------------
ALL_REQUESTS: Final = "100 per minute"  # a person with three pages open stays far below; a script does not
STATIC_FILES: Final = "1000 per minute"  # one page takes a dozen, and an office shares one address
HEALTH_CHECKS: Final = "240 per minute"  # a few probes every second or two; each of /readyz touches the database
MEDIA_RANGES: Final = "600 per minute"  # a player that seeks asks for many small ranges
WEBHOOKS: Final = "1200 per minute"  # a provider sends everybody's from a few addresses, in bursts
WEBHOOKS_PER_SENDER: Final = "100 per minute"  # one address to one integration: more than a busy team's changes
WEBHOOK_REFUSALS_AUDITED: Final = "1 per minute"  # per integration: a flood of forgeries is one line of the audit log
LOGINS_PER_ADDRESS: Final = "10 per 15 minutes"  # people mistype twice, guessing needs thousands
LOGINS_PER_ACCOUNT: Final = ("10 per minute", "60 per hour")  # guessing from many addresses; one alone can't lock out
REGISTRATIONS: Final = "20 per hour"  # a team that starts together, behind one address
RESETS_PER_ADDRESS: Final = "10 per hour"  # each may cost a letter
LETTERS_PER_ACCOUNT: Final = "3 per hour"  # nobody's mailbox is flooded through us
NEW_PASSWORDS: Final = "20 per hour"  # tries of reset links; a link holds 256 bits, this only saves work
UPLOADS_PER_HOUR: Final = "20 per hour"  # per user: a day's meetings at once
EXTRACTIONS_PER_HOUR: Final = 10  # per user: what two cores, or a paid model, carry; the ledger counts, later ones wait
CONNECTIONS_PER_HOUR: Final = "20 per hour"  # tries to connect a tool, with mistakes

# --- Sizes -----------------------------------------------------------------------------------------------------------
BODY_BYTES: Final = 256 * 1024  # any form; views that take files raise it for themselves
UPLOAD_BYTES: Final = 2 * 1024**3  # six hours of stereo at 700 kbit/s
UPLOAD_TEXT_BYTES: Final = 4096  # one text field beside a recording; a title has 200 characters
WEBHOOK_BYTES: Final = 1024**2  # the largest issue with a long description
WEBHOOK_SECRET_LEAST: Final = 16  # characters of a signing secret; real ones have 32 and more
WEBHOOK_SECRET_MOST: Final = 256
PASSWORD_LEAST: Final = 12  # characters; NIST SP 800-63B-4 and ASVS ask for length, not for kinds of characters
PASSWORD_MOST: Final = 1024  # characters; long passphrases and managers, without handing us a novel to hash
EMAIL: Final = 254  # RFC 5321
NAME: Final = 100  # of people, workspaces, speakers
MEETING_TITLE: Final = 200
ITEM_TITLE: Final = 500  # a sentence; Linear takes 255 and the rest goes into the description
PASSAGE_LENGTH: Final = 4000  # of a corrected passage, or twice what it was: minutes of talk without a pause
USER_AGENT: Final = 300  # kept with a session so that people recognise it

# --- Counts ----------------------------------------------------------------------------------------------------------
ITEMS_LISTED: Final = 50  # one screen's worth; the rest by pages
MEETINGS_LISTED: Final = 30
SESSIONS_LISTED: Final = 50  # browsers of one person; older ones end by themselves
PEOPLE_OFFERED: Final = 500  # in a choice of owners
PEOPLE_MAPPED: Final = 50  # on one page of who is who: each is a list of everybody there
ITEMS_PUSHED: Final = 50  # sent at once, after a person looked at each
QUOTE_SEGMENTS: Final = 20  # a quote is read beside its item; more is a transcript
PASSAGES_SHOWN: Final = 100  # of a transcript at a time: more than two screens, quick to write and to lay out
PASSAGES_MOVED: Final = 200  # chosen by hand to be another voice's
VOICES: Final = 100  # of one meeting; more is a mistake of parting them
CONCURRENT_UPLOADS: Final = 4  # of a web process's threads, so that pages still answer during slow uploads

# --- Ages ------------------------------------------------------------------------------------------------------------
SESSION_IDLE_SECONDS: Final = 12 * 3600  # over night one is signed out
SESSION_SECONDS: Final = 14 * 24 * 3600  # then the password once more
SEEN_EVERY_SECONDS: Final = 60  # one write a minute for each session, not one a request
CLOCK_SKEW_SECONDS: Final = 5  # between two web hosts, for a session just begun on one of them
RESET_LINK_SECONDS: Final = 3600  # mail can be slow; the letter says an hour
FORGOT_FLOOR_SECONDS: Final = 0.25  # longer than writing a letter takes, so that the time tells nothing
FRESH_ACCOUNT_SECONDS: Final = 600  # registering twice so soon is a double click: no letter
RENEW_BEFORE_SECONDS: Final = 15 * 60  # a provider token is renewed this long before its end
UPLOAD_MAX_SECONDS: Final = 6 * 3600  # 2 GB at 0.8 Mbit/s; what is older was given up and is discarded
UPLOAD_SILENCE_SECONDS: Final = 60  # without a byte: the connection is gone, though nobody said so
RECORDING_SECONDS: Final = 6 * 3600  # the longest meeting taken
OAUTH_ATTEMPT_SECONDS: Final = 600  # from the consent page back to us
STORE_RETRY_SECONDS: Final = 5  # how long limits are kept in memory before the store is asked again

# --- Dates -----------------------------------------------------------------------------------------------------------
FIRST_YEAR: Final = 1970  # dates of meetings and due dates: earlier or later is a typing error
LAST_YEAR: Final = 2100
