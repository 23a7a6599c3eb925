"""Colours with a meaning of their own; none is told by colour alone."""

INK = "#1a1a1a"
FAINT = "#5a5a5a"
READING = "#00568a"
FOCUS = "#a63d00"
