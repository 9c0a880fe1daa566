"""Every shape that crosses a boundary, and how we complain when it is wrong. Imports neither agents nor streams."""
