"""`sunlight alert`: what is done to one alert, its papers and its dossier."""

from __future__ import annotations

from hub.cli import dossiers, following, papering

app = following.app
app.command("issue")(papering.issue)
app.command("papers")(papering.papers)
app.command("dossier")(dossiers.dossier)
