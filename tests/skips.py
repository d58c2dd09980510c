"""The only reasons a test may give for not running. Any other skip fails the run: what never runs proves nothing."""

ALLOWED = {
    "SAMPLES_DIR is not set": "Real recordings are large and not ours to give away; the small samples here always run.",
    "CONTRACTS_DIR is not set": "The providers' own schemas are not ours to give away; our small ones always run.",
}
