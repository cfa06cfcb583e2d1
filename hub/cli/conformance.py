"""`sunlight conformance`: sessions, kits, certificates and the runs that are owed."""

from __future__ import annotations

from hub.cli import certifying, conforming, kitting, owing

app = conforming.app
certifying.add_to(app)
kitting.add_to(app)
app.command("owed")(owing.owed)
