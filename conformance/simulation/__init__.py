"""The simulated city: departments' records in their own shapes, every rule's breaches among them, and their truth."""
