"""What an operator does from outside the pipeline: reads a topic, sends orders into another. No row is changed here."""
