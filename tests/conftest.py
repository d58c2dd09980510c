"""What every test may use: services (PostgreSQL, Valkey) the web app on them, an emulator of Linear."""

pytest_plugins = [
    "tests.plugins.services",
    "tests.plugins.rules",
    "tests.plugins.web",
    "tests.plugins.linear",
    "tests.plugins.meetings",
    "tests.plugins.chromium",
    "tests.plugins.stack",
]
