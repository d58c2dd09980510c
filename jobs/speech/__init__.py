"""Audio to words with speakers: decode, transcribe, and suggest who speaks. No Flask and no database in here."""
