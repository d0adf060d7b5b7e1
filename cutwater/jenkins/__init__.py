"""Jenkins: its builds read, started and stopped, by the remote access API that every job page has."""
