// Parses an AsyncAPI document with the standard's own parser; prints what it finds wrong.
import { Parser } from '@asyncapi/parser';
import { readFileSync } from 'node:fs';

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const errors = diagnostics.filter((each) => each.severity === 0);
console.log(JSON.stringify({
  parsed: Boolean(document),
  errors: errors.map((each) => `${each.path.join('.')}: ${each.message}`),
  channels: document ? document.channels().all().map((each) => each.id()) : [],
  messages: document ? document.allMessages().all().map((each) => each.id()) : [],
}));
process.exit(0);
