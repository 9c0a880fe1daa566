"""What is wrong with a workplace: one small function for each rule."""
