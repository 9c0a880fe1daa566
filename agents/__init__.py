"""Who does something about it: all input and output. Agents never import each other; they share topics."""
