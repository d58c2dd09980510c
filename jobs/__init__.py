"""The workers: everything that is slow, touches untrusted audio, or speaks with a provider."""
