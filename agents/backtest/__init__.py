"""Would this policy have found the leads that bought? Outcomes as labels, scores from what was known before them."""
