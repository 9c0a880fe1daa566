"""The one grammar of what comes in, Segment-spec messages, as facts. No input or output."""
