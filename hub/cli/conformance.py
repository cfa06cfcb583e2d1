"""`sunlight conformance`: sessions, kits, certificates and the runs that are owed."""

from __future__ import annotations

from hub.cli import (
    appealing,
    certifying,
    conforming,
    evidencing,
    incidents,
    kitting,
    owing,
    practising,
    resetting,
    running_tests,
    shipping,
    verifying,
)

app = conforming.app
app.command("run")(running_tests.run)
appealing.add_to(app)
certifying.add_to(app)
verifying.add_to(app)
kitting.add_to(app)
resetting.add_to(app)
app.add_typer(evidencing.app, name="evidence")
app.command("practise")(practising.practise)
app.command("ship")(shipping.ship)
app.command("owed")(owing.owed)
app.add_typer(incidents.app, name="incident")
