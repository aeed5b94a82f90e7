// docs/hosting.md: its configuration is one, and its table of limits is the schema's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../lib/dist/cli/config.js';

const root = join(import.meta.dirname, '..', '..');
const manual = readFileSync(join(root, 'docs/hosting.md'), 'utf8');
const schema = JSON.parse(readFileSync(join(root, 'lib/cli/config.schema.json'), 'utf8'));

test('the configuration is accepted', () => {
  const blocks = [...manual.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => text);
  assert.equal(blocks.length, 1);
  assert.deepEqual(Object.keys(parseConfig(blocks[0])).toSorted(), [
    'drainSeconds',
    'limits',
    'origins',
    'tls',
    'trustProxy',
  ]);
});

test('every limit is there, with its default', () => {
  const rows = [...manual.matchAll(/^\| `(\w+)` +\| ([\d ]*\d(?: MiB)?)/gm)].map(([, name, value]) => [name, value]);
  const defaults = Object.entries(schema.properties.limits.properties).map(([name, { description }]) => [
    name,
    description.match(/Default: (.+)\.$/)[1],
  ]);
  const plain = (pairs) =>
    Object.fromEntries(pairs.map(([name, value]) => [name, value.replace(/(\d) (\d)/g, '$1$2')]));
  assert.deepEqual(plain(rows), plain(defaults));
});
