"""Mail: the port, its two adapters, and what the sender does around them. It decides nothing about leads."""
