"""Coverage: how much of what departments owe is connected and certified, and how much nobody knows."""
