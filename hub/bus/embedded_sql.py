"""The embedded bus's tables and statements."""

from __future__ import annotations

from typing import Final

SETTINGS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")
"""Readers never wait for writers, and what is committed has reached the disk."""

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS exchange (name TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS queue (
        name TEXT PRIMARY KEY,
        overflow TEXT NOT NULL CHECK (overflow IN ('unbounded', 'refuse', 'drop-oldest')),
        max_length INTEGER NOT NULL,
        delivery_limit INTEGER NOT NULL,
        dead_letter TEXT NOT NULL,
        depth INTEGER NOT NULL DEFAULT 0 CHECK (depth >= 0)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS binding (
        exchange TEXT NOT NULL REFERENCES exchange,
        queue TEXT NOT NULL REFERENCES queue,
        key TEXT NOT NULL,
        PRIMARY KEY (exchange, queue, key)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL REFERENCES queue,
        kind TEXT NOT NULL,
        message_id TEXT NOT NULL,
        user TEXT NOT NULL,
        headers BLOB NOT NULL,
        body BLOB NOT NULL,
        holder TEXT,
        returns INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS message_ready ON message (queue, id) WHERE holder IS NULL",
    "CREATE INDEX IF NOT EXISTS message_held ON message (holder) WHERE holder IS NOT NULL",
)

ADD_EXCHANGE: Final = "INSERT INTO exchange (name, kind) VALUES (?, ?) ON CONFLICT DO NOTHING"
ADD_QUEUE: Final = """INSERT INTO queue (name, overflow, max_length, delivery_limit, dead_letter)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
ADD_BINDING: Final = "INSERT INTO binding (exchange, queue, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

QUEUE: Final = "SELECT overflow, max_length, delivery_limit, dead_letter, depth FROM queue WHERE name = ?"
EXCHANGES: Final = "SELECT name, kind FROM exchange"
BINDINGS: Final = "SELECT exchange, queue, key FROM binding"
ROUTES_STATE: Final = "SELECT count(*), (SELECT user_version FROM pragma_user_version) FROM binding"
"""Tells whether bindings changed: their number, and how often any were removed."""

MARKED: Final = "UPDATE queue SET max_length = ? WHERE name = ?"
UNBIND: Final = "DELETE FROM binding WHERE exchange = ? AND queue = ? AND key = ?"
DROP_QUEUE: Final = "DELETE FROM queue WHERE name = ? AND depth = 0"

PUT: Final = "INSERT INTO message (queue, kind, message_id, user, headers, body) VALUES (?, ?, ?, ?, ?, ?)"
GROW: Final = "UPDATE queue SET depth = depth + ? WHERE name = ?"
DROP_OLDEST: Final = """DELETE FROM message WHERE id IN
    (SELECT id FROM message WHERE queue = ? AND holder IS NULL ORDER BY id LIMIT ?)"""

ANY_READY: Final = "SELECT 1 FROM message WHERE queue = ? AND holder IS NULL LIMIT 1"
TAKE: Final = """UPDATE message SET holder = ? WHERE id IN
    (SELECT id FROM message WHERE queue = ? AND holder IS NULL ORDER BY id LIMIT ?)
    RETURNING id, kind, message_id, user, headers, body, returns"""
HOLDERS: Final = "SELECT DISTINCT holder FROM message WHERE holder IS NOT NULL"

ACK: Final = "DELETE FROM message WHERE id = ? AND holder = ? RETURNING id, queue, returns"
GIVE_BACK: Final = """UPDATE message SET holder = NULL, returns = returns + 1 WHERE id = ? AND holder = ?
    RETURNING id, queue, returns"""
RELEASE: Final = """UPDATE message SET holder = NULL, returns = returns + 1 WHERE holder = ?
    RETURNING id, queue, returns"""
LEAVE: Final = """UPDATE message SET holder = NULL, returns = returns + 1 WHERE holder = ? AND queue = ?
    RETURNING id, queue, returns"""

COPY: Final = """INSERT INTO message (queue, kind, message_id, user, headers, body)
    SELECT ?, kind, message_id, user, headers, body FROM message WHERE id = ?"""
DELETE: Final = "DELETE FROM message WHERE id = ?"
