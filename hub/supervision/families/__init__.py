"""The families of cases: each a declared machine of its own."""
