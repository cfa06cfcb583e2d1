"""The command: what a newcomer types works, what is wrong is said in one line, and every help teaches."""

from __future__ import annotations

import fcntl
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from hub.cli.main import app, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "mappings" / "samples" / "receipt-csv.yaml"
HOUSING = ROOT / "mappings" / "taizhou-housing"
CSV = """case:concept:name,case:startdate,case:enddate,case:deadline,case:channel,case:department,\
concept:instance,concept:name,time:timestamp,org:resource
1,2011-01-03 10:00:00+01:00,2011-01-20 10:00:00+01:00,2011-01-10 10:00:00+01:00,Desk,General,\
t1,T02,2011-01-04 10:00:00+01:00,R1
2,2011-01-03 10:00:00+01:00,,2011-01-10 10:00:00+01:00,Desk,General,t2,T02,2011-01-04 10:00:00+01:00,R1
3,2011-01-03 10:00:00+01:00,2011-01-05 10:00:00+01:00,2011-01-10 10:00:00+01:00,Desk,General,\
t3,T02,2011-01-04 10:00:00+01:00,R1
4,no date,,2011-01-10 10:00:00+01:00,Desk,General,t4,T02,2011-01-04 10:00:00+01:00,R1
"""
SUMMARY_KEYS = {
    "cases": {"total", "by_state"},
    "records": {"read", "mapped", "empty", "quarantined"},
    "events": {"new", "duplicate", "revised", "remapped", "conflicting", "parked"},
    "feed": {"last_sequence"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with its own data, as an operator does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SUNLIGHT_TOKEN_KEY", "the key of tests, no secret")
    for name in ("SUNLIGHT_STORE_URL", "SUNLIGHT_BUS_URL", "SUNLIGHT_MAPPINGS", "SUNLIGHT_PARTITIONS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "log.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


@pytest.fixture
def sunlight(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that types a command and returns exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["sunlight", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return typed


def imported(sunlight: Callable[..., tuple[int, str, str]], *more: str) -> dict[str, Any]:
    """Import the small log, judged at the end of January 2011."""
    words = ("import", str(MAPPING), "--from", "log.csv", "--as-of", "2011-01-31T00:00:00+01:00", *more)
    code, out, _ = sunlight(*words, "--json")
    assert code == 0
    figures: dict[str, Any] = orjson.loads(out)
    return figures


def test_an_import_prints_the_summary_as_one_json_object(sunlight: Any) -> None:
    figures = imported(sunlight)
    assert set(figures) == {"cases", "records", "events", "clocks", "alerts", "feed"}
    for name, keys in SUMMARY_KEYS.items():
        assert set(figures[name]) == keys
    assert figures["cases"] == {"total": 3, "by_state": {"closed": 2, "accepted": 1}} | {
        "by_state": figures["cases"]["by_state"]
    }
    assert figures["records"] == {"read": 4, "mapped": 3, "empty": 0, "quarantined": 1}
    assert figures["events"]["new"] == 11
    assert figures["alerts"]["R14"] == {"raised": 2}
    assert figures["feed"]["last_sequence"] > 11
    assert orjson.loads(sunlight("summary", "--json")[1]) == figures


def test_importing_twice_adds_only_duplicates(sunlight: Any) -> None:
    first, second = imported(sunlight), imported(sunlight)
    assert second["events"] == {**first["events"], "duplicate": 11}
    assert {name: second[name] for name in ("cases", "clocks", "alerts", "feed")} == {
        name: first[name] for name in ("cases", "clocks", "alerts", "feed")
    }


def test_an_unrequested_json_is_a_table_with_the_same_figures(sunlight: Any) -> None:
    imported(sunlight)
    code, out, _ = sunlight("summary")
    assert code == 0
    assert "办件" in out
    assert "R14" in out


def test_the_ledger_is_sound_until_somebody_touches_it(sunlight: Any, folder: Path) -> None:
    imported(sunlight)
    assert sunlight("ledger", "verify")[0] == 0
    assert sunlight("ledger", "seal", "--out", "heads.json")[0] == 0
    with sqlite3.connect(folder / "var" / "hub.db") as database:
        database.execute("UPDATE ledger SET body = X'7B7D' WHERE partition = 0 AND position = 3")
    database.close()
    code, out, _ = sunlight("ledger", "verify", "--json")
    assert code == 1
    assert orjson.loads(out)["sound"] is False
    code, out, _ = sunlight("ledger", "verify")
    assert code == 1
    assert re.search(r"partition\D*0\D+3\b", out)


def test_a_truncated_tail_is_found_against_a_seal_alone(sunlight: Any, folder: Path) -> None:
    imported(sunlight)
    sunlight("ledger", "seal", "--out", "heads.json")
    with sqlite3.connect(folder / "var" / "hub.db") as database:
        (last, previous) = database.execute(
            "SELECT position, hash FROM ledger WHERE partition = 0 ORDER BY position DESC LIMIT 2"
        ).fetchall()
        database.execute("DELETE FROM ledger WHERE partition = 0 AND position = ?", (last[0],))
        database.execute("UPDATE heads SET position = ?, hash = ? WHERE partition = 0", previous)
    database.close()
    assert sunlight("ledger", "verify")[0] == 0, "the chain itself is whole"
    code, out, _ = sunlight("ledger", "verify", "--head", "heads.json")
    assert code == 1
    assert str(last[0]) in out or str(previous[0]) in out


def test_migrating_registers_what_the_mappings_declare_and_may_be_repeated(
    sunlight: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(ROOT / "mappings"))
    code, out, _ = sunlight("migrate")
    assert code == 0
    assert re.search(r"connections registered: [1-9]", out)
    code, out, _ = sunlight("migrate")
    assert code == 0
    assert "up to date" in out


def test_a_store_can_be_migrated_where_there_are_no_mappings_and_that_is_said(sunlight: Any) -> None:
    code, out, _ = sunlight("migrate")
    assert code == 0
    assert "there is no folder mappings" in out


MISTAKES: dict[str, tuple[Sequence[str], dict[str, str], int]] = {
    "no migration yet": (["summary"], {}, 2),
    "no ledger yet": (["ledger", "verify"], {}, 2),
    "no quarantine yet": (["quarantine", "list"], {}, 2),
    "no mapping file": (["import", "none.yaml", "--from", "log.csv"], {}, 2),
    "no file to read": (["import", str(MAPPING), "--from", "none.csv"], {}, 2),
    "no such time": (["import", str(MAPPING), "--from", "log.csv", "--as-of", "yesterday"], {}, 2),
    "a time without offset": (["import", str(MAPPING), "--from", "log.csv", "--as-of", "2026-01-01T00:00:00"], {}, 2),
    "no seal": (["ledger", "verify", "--head", "none.json"], {}, 2),
    "a seal that is none": (["ledger", "verify", "--head", "log.csv"], {}, 2),
    "no place for a seal": (["ledger", "seal", "--out", "/proc/none/x"], {}, 2),
    "no settings": (["summary", "--settings", "none.toml"], {}, 2),
    "settings that are a folder": (["summary", "--settings", "."], {}, 2),
    "a store nobody knows": (["summary"], {"SUNLIGHT_STORE_URL": "oracle://x"}, 2),
    "a store whose URL cannot be read": (["summary"], {"SUNLIGHT_STORE_URL": "postgresql://:::"}, 2),
    "a store that is away": (["summary"], {"SUNLIGHT_STORE_URL": "postgresql://127.0.0.1:1/x"}, 3),
    "a store that may not be written": (["summary"], {"SUNLIGHT_STORE_URL": "sqlite:////proc/none/hub.db"}, 2),
    "a data folder that may not be made": (["migrate"], {"SUNLIGHT_DATA_DIR": "/proc/none"}, 2),
    "a bus nobody knows": (["migrate"], {"SUNLIGHT_BUS_URL": "kafka://x"}, 2),
    "no mappings": (["check"], {"SUNLIGHT_MAPPINGS": "none"}, 2),
    "no mappings to serve": (["serve"], {"SUNLIGHT_MAPPINGS": "none", "MIGRATED": "yes"}, 2),
    "nothing in quarantine of that id": (["quarantine", "show", "abc"], {"MIGRATED": "yes"}, 2),
    "no scope of that name": (["key", "add", "x", "--scope", "none"], {"MIGRATED": "yes"}, 2),
    "no key of that id": (["key", "revoke", "x"], {"MIGRATED": "yes"}, 2),
    "no role of that name": (["run", "none"], {}, 2),
    "an option nobody knows": (["summary", "--colour"], {}, 2),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_readably_and_never_as_a_traceback(
    sunlight: Any, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    words, environment, expected = MISTAKES[mistake]
    if environment.get("MIGRATED"):
        sunlight("migrate")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code, out, err = sunlight(*words)
    assert code == expected, err
    assert "Traceback" not in out + err
    said = [
        line for line in err.splitlines() if line and not line.startswith(("import ", "Usage", "Try", "╭", "╰", "│"))
    ]
    assert len(said) <= 1
    assert err.strip()


BROKEN = {
    "b/department.yaml": "department:\n  name: [\n",
    "c/department.yaml": 'department:\n  department_id: "x"\n  region_code: "1"\n',
    "d/department.yaml": "- one\n",
    "a/x.yaml": 'connection: A B\nkind: files\ndepartment: "1"\ncase: {title: nope(x)}\n'
    "events:\n  - {type: case.recieved, occurred_at: 1 +}\n",
    "a/y.yaml": "connection: [\n",
}


@pytest.fixture
def broken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a mappings folder in which nearly everything is wrong."""
    mappings = folder / "mappings"
    for name, text in BROKEN.items():
        (mappings / name).parent.mkdir(parents=True, exist_ok=True)
        (mappings / name).write_text(text, encoding="utf-8")
    for name in ("department.yaml", "permits.yaml"):
        (mappings / "a" / name).write_bytes((HOUSING / name).read_bytes())
    (mappings / "a" / "twin.yaml").write_bytes((HOUSING / "permits.yaml").read_bytes())
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(mappings))
    return mappings


def test_check_reports_every_fault_at_once_with_file_and_line(sunlight: Any, broken: Path) -> None:
    code, out, _ = sunlight("check")
    assert code == 2
    for name in BROKEN:
        assert re.search(rf"^{re.escape(str(broken / name))}:\d+(:\d+)?: [a-z]+\.[a-z-]+: .+", out, re.MULTILINE), name
    assert f"{broken / 'c/department.yaml'}:2:18: catalogue.shape: department/department_id" in out
    assert "twin.yaml: mappings.twice" in out
    assert "'^[a-z0-9._-]{1,100}$'" in out, "nothing is eaten as markup"
    assert "8 files" in out


def test_migrate_refuses_the_same_faults_at_once_before_it_registers_anything(sunlight: Any, broken: Path) -> None:
    code, _, err = sunlight("migrate")
    assert code == 2
    assert all(str(broken / name) in err for name in BROKEN)


def test_check_has_the_same_faults_as_json(sunlight: Any, broken: Path) -> None:
    _, out, _ = sunlight("check")
    code, listed, _ = sunlight("check", "--json")
    assert code == 2
    found = orjson.loads(listed)
    assert found["files"] == 8
    assert found["faults"] == [line for line in out.splitlines() if line.startswith(str(broken))]


def test_check_reads_how_a_source_is_reached_without_reaching_it(
    sunlight: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = one_department(folder, monkeypatch) / "permits.yaml"
    monkeypatch.setenv("HOUSING_DB_URL", "postgresql://nobody@192.0.2.1/nothing")
    assert sunlight("check")[0] == 0
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("  every:", "  evrey:"), encoding="utf-8")
    code, out, _ = sunlight("check")
    assert code == 2
    line = next(n for n, each in enumerate(text.splitlines(), 1) if each.startswith("  every:"))
    assert f"{mapping}:{line}:3: source.option: connect.evrey: is not an option" in out


def test_check_tells_what_is_not_set_here_from_what_is_wrong(
    sunlight: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_department(folder, monkeypatch)
    monkeypatch.delenv("HOUSING_DB_URL")
    monkeypatch.delenv("SUNLIGHT_TOKEN_KEY")
    (folder / "mappings" / "later").mkdir()
    (folder / "mappings" / "later" / "draft.yaml").touch()
    code, out, _ = sunlight("check")
    assert code == 0
    assert re.search(r"^not set here: .*permits\.yaml:\d+:3: source\.unset: .*HOUSING_DB_URL", out, re.MULTILINE)
    assert re.search(r"^not set here: .*SUNLIGHT_TOKEN_KEY", out, re.MULTILINE)
    assert re.search(r"^not read: .*later has no department\.yaml", out, re.MULTILINE)
    assert set(orjson.loads(sunlight("check", "--json")[1])) == {"files", "faults", "warnings", "unset", "skipped"}


def test_check_takes_files_from_anywhere(sunlight: Any, folder: Path) -> None:
    samples = ROOT / "mappings" / "samples"
    assert sunlight("check", str(samples / "receipt.yaml"))[0] == 0, "an import names its file later"
    wrong = folder / "wrong.yaml"
    wrong.write_text("connection: x\n", encoding="utf-8")
    code, out, _ = sunlight("check", str(wrong), str(folder / "nowhere.yaml"))
    assert code == 2
    assert f"{wrong}:1:1: map.missing-key" in out
    assert "nowhere.yaml: check.missing: there is no such file" in out
    assert "1 file, " in out


def one_department(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a mappings folder of one department, whose system is a database file without tables."""
    mappings = folder / "mappings" / "housing"
    mappings.mkdir(parents=True)
    for name in ("department.yaml", "permits.yaml", "permits.examples.yaml"):
        (mappings / name).write_bytes((HOUSING / name).read_bytes())
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(mappings.parent))
    monkeypatch.setenv("SUNLIGHT_GATEWAY_PORT", "0")
    monkeypatch.setenv("HOUSING_DB_URL", f"sqlite:///{folder}/front.db")
    sqlite3.connect(folder / "front.db").execute("create table other (id int)")
    return mappings


def test_check_runs_the_examples_beside_a_mapping(sunlight: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = one_department(folder, monkeypatch) / "permits.examples.yaml"
    assert sunlight("check")[0] == 0
    examples.write_text("- {record: {}, expect: []}\n", encoding="utf-8")
    code, out, _ = sunlight("check")
    assert code == 2
    assert f"{examples}:1:1: map.example-failed: " in out


def test_a_role_that_fails_for_good_ends_the_command_with_its_reason(sunlight: Any, folder: Path) -> None:
    sunlight("migrate")
    with sqlite3.connect(folder / "var" / "hub.db") as database:
        database.execute("DROP TABLE relay")
    database.close()
    code, _, err = sunlight("run", "relay")
    assert code == 2
    assert "store.not-migrated: the store has no tables, or old ones (run `sunlight migrate`)" in err
    assert "Traceback" not in err


def test_lists_show_whole_ids_on_a_narrow_screen(sunlight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(sunlight)
    key = orjson.loads(sunlight("key", "add", "duty desk", "--scope", "cases:read", "--json")[1])["key_id"]
    monkeypatch.setenv("COLUMNS", "80")
    assert key in sunlight("key", "list")[1]
    refused = sunlight("quarantine", "list")[1]
    assert all(part in refused for part in ("taizhou.samples.receipt", "map.bad-time", "let/started", "log.csv:5"))


def test_a_second_demo_leaves_the_first_alone(sunlight: Any, folder: Path) -> None:
    kept = folder / "var" / "demo" / "hub.db"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with (folder / "var" / "demo.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, _, err = sunlight("demo", "--once")
    assert (code, "demo.running: a demo runs in" in err) == (2, True)
    assert kept.exists()


def test_a_demo_leaves_a_bus_alone_that_has_served_a_hub(
    sunlight: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_BUS_URL", f"embedded://{folder}/kept.db")
    sunlight("migrate")
    code, _, err = sunlight("demo", "--once", "--cases", "60")
    assert (code, "demo.used: the bus is in use" in err) == (2, True)


def test_a_demo_adds_nothing_invented_to_a_store_in_use(
    sunlight: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNLIGHT_STORE_URL", f"sqlite:///{folder}/own.db")
    before = imported(sunlight)
    code, _, err = sunlight("demo", "--once", "--cases", "60")
    assert (code, "demo.used: the store is in use" in err) == (2, True)
    assert orjson.loads(sunlight("summary", "--json")[1]) == before


def test_an_import_says_what_it_read_itself(sunlight: Any) -> None:
    imported(sunlight)
    words = ("import", str(MAPPING), "--from", "log.csv", "--as-of", "2011-01-31T00:00:00+01:00", "--json")
    err = sunlight(*words)[2]
    assert "this import: 4 records, 3 mapped, 0 empty, 1 quarantined (sunlight quarantine list" in err


def test_the_mappings_that_are_shipped_are_without_fault(sunlight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(ROOT / "mappings"))
    code, out, _ = sunlight("check")
    assert (code, "0 faults" in out) == (0, True), out


def test_a_key_is_shown_once_and_can_be_revoked(sunlight: Any) -> None:
    sunlight("migrate")
    code, out, _ = sunlight("key", "add", "duty desk", "--scope", "cases:read", "--json")
    assert code == 0
    issued = orjson.loads(out)
    listed = sunlight("key", "list", "--json")[1]
    assert issued["token"] not in listed
    assert [key["name"] for key in orjson.loads(listed)] == ["duty desk"]
    assert sunlight("key", "revoke", issued["key_id"])[0] == 0
    assert sunlight("key", "revoke", issued["key_id"])[0] == 2


def test_a_key_that_sends_says_where_to_send_and_names_no_console(sunlight: Any) -> None:
    sunlight("migrate")
    said = sunlight("key", "add", "taizhou.press.permits", "--kind", "connection", "--scope", "records:write")[2]
    assert "/v1/records/taizhou.press.permits" in said
    assert "Console" not in said


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it, groups included."""
    yield path, group
    for name in group.list_commands(None) if hasattr(group, "list_commands") else ():
        yield from commands(group.get_command(None, name), (*path, name))


ALL = dict(commands(typer.main.get_command(app)))


def test_the_commands_are_those_that_the_documents_name() -> None:
    named = {" ".join(path) for path in ALL if path}
    assert named >= {"demo", "serve", "run", "migrate", "check", "import", "summary", "ledger verify", "ledger seal"}
    assert named >= {"key add", "key list", "key revoke", "quarantine list", "quarantine show", "quarantine replay"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_help_of_every_command_teaches(path: tuple[str, ...]) -> None:
    """It says what the command does, explains every option, and where there is more than one word shows an example."""
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    command = ALL[path]
    assert len((command.help or "").split()) >= 5
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help", f"{parameter.name} is not explained"
    told = [command.help or "", *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    assert not re.search(r"(?<!\\)\[[a-z]", " ".join(told)), "a word in brackets is taken for a style, and not shown"
    wanted = [p for p in command.params if getattr(p, "required", False)]
    assert not wanted or "Example: sunlight " in (command.help or "")
