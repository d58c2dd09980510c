"""Linear on this machine: OAuth, GraphQL, webhooks and pages for people. See `server.LinearEmulator`."""

from dev.emulators.linear.server import LinearEmulator

__all__ = ["LinearEmulator"]
