"""The command `sunlight`, a module per group of commands; hub/cli/main.py puts them together."""
