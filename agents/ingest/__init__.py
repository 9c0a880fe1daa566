"""Files that nobody here wrote, as Segment messages on the topics of what comes in. It writes no facts itself."""
