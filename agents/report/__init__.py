"""What became of what was sent, by program, step, e-mail and variant, and beside those who were held out."""
