"""The store: tables, their SQL, migrations, and the adapters of the Store port on PostgreSQL and SQLite."""
