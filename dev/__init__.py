"""What development and tests need and production never gets: launchers of embedded servers, and emulators."""
