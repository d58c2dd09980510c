"""Linear: OAuth with rotating tokens (`grants`), GraphQL (`api`, `documents`, `reading`) and issues (`provider`)."""

from jobs.providers.linear.provider import Linear

__all__ = ["Linear"]
