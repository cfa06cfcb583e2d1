"""What connectors that speak HTTP share: a client that is polite, bounded and tells who must act; ways to log in."""
