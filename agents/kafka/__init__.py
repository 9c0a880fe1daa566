"""What is said to Kafka beside the lanes: clients, topics, and brokers of this machine. No record is folded here."""
