// Maps the rows of a JSON file to events with jsonata, and prints one JSON object: the first event and the seconds taken.
import { readFileSync } from "node:fs";
import jsonata from "jsonata";

const [rowsFile, expressionFile] = process.argv.slice(2);
const rows = JSON.parse(readFileSync(rowsFile, "utf8"));
const expression = jsonata(readFileSync(expressionFile, "utf8"));
const first = await expression.evaluate(rows[0]);
for (const row of rows.slice(0, 500)) await expression.evaluate(row);
const begun = process.hrtime.bigint();
for (const row of rows) JSON.stringify(await expression.evaluate(row));
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(JSON.stringify({ first, seconds, node: process.version }));
