"""The reference city: generated departments whose planted findings are known, to hold the hub to its word."""
