// node validate.mjs FILE: what the official AsyncAPI parser finds wrong with the document. Exit status 1 on errors.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const file = process.argv[2];
if (!file) {
  console.error('usage: node validate.mjs FILE');
  process.exit(2);
}
const { document, diagnostics } = await new Parser().parse(await readFile(file, 'utf8'));
const LEVELS = ['error', 'warning', 'information', 'hint'];
for (const found of diagnostics) {
  const { line, character } = found.range.start;
  console.log(`${file}:${line + 1}:${character + 1}: ${LEVELS[found.severity]}: ${found.message} (${found.code})`);
}
if (!document || diagnostics.some(({ severity }) => severity === 0)) {
  process.exit(1);
}
console.log(JSON.stringify({
  version: document.version(),
  channels: document.channels().all().length,
  operations: document.operations().all().length,
  messages: document.messages().all().length,
}));
