"""`sunlight catalogue import | export | template`: power lists 权责清单 and department.yaml, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
import xlsxwriter
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from connectors.codecs import workbook
from connectors.codecs.common import CodecOptions
from hub import wiring
from hub.catalogue import matter_places
from hub.cli import common
from hub.cli.acting import awaited, whoever
from hub.cli.catalogue.common import document_of, documents
from hub.errors import Fault, Misconfigured
from hub.powerlist.columns import COLUMNS, DEPARTMENT, DEPARTMENT_ID
from hub.powerlist.reading import read_list
from hub.powerlist.writing import HEADER, rows_of
from hub.supervision.amendment import amended, change_id, differences, named, obstacle, put, twice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.powerlist.reading import ListRead
    from hub.wiring import Hub

BOOKS: Final = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"})
_WIDTH: Final = 24


def import_(
    file: Annotated[
        Path, typer.Argument(help="A power list (XLSX, XLS, ODS), or a department.yaml.", exists=True, dir_okay=False)
    ],
    *,
    department: Annotated[str, typer.Option("--department", help="Whose a list is, where its rows do not say.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who proposes; whoever is logged in where left out.")] = "",
    note: Annotated[str, typer.Option("--note", help="Why, in words.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Answer every row; propose nothing.")] = False,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Propose what a file says of the catalogue: nothing of it holds before somebody else approves it.

    Of a list every row is answered: added, changed, same, or refused with the column, what is wrong and what to do.
    Rows that are refused change nothing; the others are proposed, one change a department. Columns that are not there
    leave their fields alone, and so do matters that are not there; an empty cell takes its field away. A
    department.yaml is the whole document: what is not in it is taken out. Exit code 2 where a row was refused.

    Example: sunlight catalogue import 权责清单.xlsx --department 11321200014000028L --by 李四
    """
    hub = common.hub(settings)
    read = read_book(hub, file, department) if file.suffix.lower() in BOOKS else None
    wanted = proposals(hub, file, department, read)
    held = documents(hub)
    said: dict[str, Any] = {"file": str(file), "rows": described(read) if read else [], "changes": []}
    said |= {"ignored_columns": list(read.ignored) if read else []}
    for name, document in wanted.items():
        said["changes"] += _propose(hub, name, held.get(name), document, dry_run=dry_run, by=whoever(by), note=note)
    if as_json:
        common.print_json(said)
    else:
        _show(said)
    if any(row["outcome"] == "refused" for row in said["rows"]):
        raise typer.Exit(2)


def _propose(
    hub: Hub, name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], *, dry_run: bool, by: str, note: str
) -> list[dict[str, Any]]:
    parts = differences(old, new)
    if not parts:
        return []
    if wrong := obstacle(old, parts):
        raise Misconfigured(Fault(code=wrong.code, problem=wrong.problem, hint=wrong.hint))
    told: dict[str, Any] = {"change_id": change_id(name, parts), "department_id": name, "parts": [*map(named, parts)]}
    if not dry_run:
        told["outcome"] = awaited(hub, hub.terms.propose(told["change_id"], name, parts, by=by, note=note))
        known = hub.queries.catalogue_change(told["change_id"])
        told["number"] = known.number if known else None
    return [told]


def export(
    department: Annotated[str, typer.Argument(help="The department, by code or name.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="FILE.xlsx or FILE.yaml; <code>.xlsx where left out.")
    ] = None,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Write a department's catalogue as a list or as YAML. Imported again it is no change.

    Example: sunlight catalogue export 11321200014000028L --out 权责清单.xlsx
    """
    hub = common.hub(settings)
    document = document_of(hub, department)
    path = out or Path(f"{document['department']['department_id']}.xlsx")
    if path.suffix.lower() == ".xlsx":
        write_book(path, HEADER, rows_of(document))
    else:
        with path.open("w", encoding="utf-8") as stream:
            yaml = YAML(typ="safe")
            yaml.allow_unicode, yaml.default_flow_style = True, False
            yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # its type says None
            yaml.dump(document, stream)
    count = len(document.get("matters", ()))
    if as_json:
        common.print_json({"file": str(path), "matters": count})
    else:
        common.OUT.print(f"{path}: {common.counted(count, 'version')} of matters", highlight=False, soft_wrap=True)


def template(
    file: Annotated[Path, typer.Argument(help="Where to write it: FILE.xlsx.")],
    *,
    as_json: common.AsJson = False,
) -> None:
    """Write an empty power list with every column, an example row to be replaced, and a sheet that explains them.

    Example: sunlight catalogue template 权责清单.xlsx
    """
    example = {column.name: column.example for column in COLUMNS if column.example}
    example |= {DEPARTMENT: "某某局", DEPARTMENT_ID: "11321200014000028L"}
    write_book(file, HEADER, [example], explained=True)
    if as_json:
        common.print_json({"file": str(file), "columns": list(HEADER)})
    else:
        common.OUT.print(f"{file}: {len(HEADER)} columns; replace the example row", highlight=False, soft_wrap=True)


def read_book(hub: Hub, path: Path, department: str) -> ListRead:
    """Read a list against what is in force; Misconfigured where it is no list at all."""
    header, rows, numbers = _cells(path)
    own = document_of(hub, department)["department"]["department_id"] if department else ""
    try:
        return read_list(header, rows, documents(hub), department_id=own, numbers=numbers)
    except Misconfigured as wrong:
        raise Misconfigured(*(_placed(fault, path) for fault in wrong.faults)) from wrong


def proposals(hub: Hub, path: Path, department: str, read: ListRead | None = None) -> Mapping[str, Mapping[str, Any]]:
    """Return by department the document that a file would make of the one in force."""
    held = documents(hub)
    if path.suffix.lower() in BOOKS:
        wanted = (read or read_book(hub, path, department)).wanted()
        return {name: amended(held.get(name), put(held.get(name), rows)) for name, rows in wanted.items()}
    document = wiring.load_catalogue(path)
    if doubled := twice(document):
        problem = f"these versions stand twice: {', '.join(doubled)}"
        raise Misconfigured(Fault(code="catalogue.twice", problem=problem, file=str(path), hint="keep one of each"))
    return {document["department"]["department_id"]: document}


def places(hub: Hub, path: Path, department: str) -> Mapping[tuple[str, str, str], str]:
    """Return where each (department, matter code, version) of a file stands in it."""
    if path.suffix.lower() not in BOOKS:
        return matter_places(path)
    answers = read_book(hub, path, department).answers
    return {
        (each.department_id, each.matter_code, str(each.matter["version"])): f"{path}:{each.row}"
        for each in answers
        if each.matter is not None
    }


def described(read: ListRead) -> list[dict[str, Any]]:
    """Tell every row's answer as plain data."""
    return [
        {
            "row": each.row,
            "matter_code": each.matter_code,
            "name": each.name,
            "outcome": each.outcome,
            "version": each.matter["version"] if each.matter else None,
            "problems": [{"column": problem.column, "problem": problem.problem} for problem in each.problems],
        }
        for each in read.answers
    ]


def write_book(
    path: Path, header: Sequence[str], rows: Sequence[Mapping[str, str]], *, explained: bool = False
) -> None:
    """Write a list, every cell as text so that no code loses its last digits."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        sheet = book.add_worksheet("权责清单")
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, len(header) - 1, _WIDTH, text)
        for place, name in enumerate(header):
            sheet.write_string(0, place, name, bold)
        for number, row in enumerate(rows, 1):
            for place, name in enumerate(header):
                if name in row:
                    sheet.write_string(number, place, row[name], text)
        if explained:
            _explain(book.add_worksheet("填写说明"), text)


def _explain(sheet: Any, text: Any) -> None:  # noqa: ANN401 - xlsxwriter's own
    sheet.set_column(0, 3, 2 * _WIDTH, text)
    for place, name in enumerate(("列名 column", "别名 also", "填写 how", "示例 example")):
        sheet.write_string(0, place, name)
    for number, column in enumerate(COLUMNS, 1):
        for place, said in enumerate((column.name, "、".join(column.also), column.note, column.example)):
            sheet.write_string(number, place, said, text)


def _cells(path: Path) -> tuple[list[str], list[Mapping[str, Any]], list[int]]:
    """Return the header of a book's first sheet, its rows by column, and their numbers."""
    with path.open("rb") as stream:
        records = list(workbook.read(stream, CodecOptions(place=str(path))))
    for record in records:
        if record.refused is not None:
            fault = Fault(code=f"powerlist.{record.refused.code}", problem=record.refused.problem, file=str(path),
                          line=_number(record.place), hint=record.refused.hint)  # fmt: skip
            raise Misconfigured(fault)
    rows = [record.tree for record in records]
    if not rows:
        raise Misconfigured(Fault(code="powerlist.empty", problem="it has no rows", file=str(path), hint=_TEMPLATE))
    return list(rows[0]), rows, [_number(record.place) for record in records]


def _number(place: str) -> int:
    last = place.rpartition(":")[2]
    return int(last) if last.isdigit() else 0


def _placed(fault: Fault, path: Path) -> Fault:
    return Fault(code=fault.code, problem=fault.problem, file=str(path), line=1, hint=fault.hint)


_TEMPLATE: Final = "see `sunlight catalogue template FILE.xlsx`"


def _show(said: Mapping[str, Any]) -> None:
    table = Table(title=f"{said['file']}: {common.counted(len(said['rows']), 'row')}", title_justify="left")
    for heading in ("row", "matter", "name", "version", "outcome"):
        table.add_column(heading, overflow="fold")
    for row in said["rows"]:
        cells = (row["row"], row["matter_code"], row["name"], row["version"] or "-", row["outcome"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    if said["rows"]:
        common.OUT.print(table)
    for row in said["rows"]:
        for each in row["problems"]:
            problem = f"{said['file']}:{row['row']}: {each['column']}: {each['problem']}"
            common.OUT.print(problem, soft_wrap=True, highlight=False, markup=False)
    if said["ignored_columns"]:
        common.OUT.print(f"columns that mean nothing here: {'、'.join(said['ignored_columns'])}", soft_wrap=True)
    for change in said["changes"]:
        number = f"no. {change['number']} " if change.get("number") else ""
        common.OUT.print(
            f"{number}{change['department_id']}: {common.counted(len(change['parts']), 'part')}: "
            f"{change.get('outcome', 'not proposed: --dry-run')}",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
    if not said["changes"]:
        common.OUT.print("nothing changes", highlight=False)
