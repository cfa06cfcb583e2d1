"""What citizens may look up and send: the public catalogue, a case's progress, complaints, ratings."""
