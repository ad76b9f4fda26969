"""Random inputs, valid and broken, for every way into patternc: see README.md."""
