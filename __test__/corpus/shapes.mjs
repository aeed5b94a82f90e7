// Runs in a process of its own: `node shapes.mjs <result file> <file>…`. Imports every file and writes
// what it exports, as one JSON object: `{ file: { name: shape } | { fails: why } }`.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [result, ...files] = process.argv.slice(2);
const DEPTH = 3;
// mobx's bundler replaces it.
globalThis.__DEV__ = true;

/** The backend functions, which only ours has. */
const isAdded = (name) => name.startsWith('kontract_');

/** What a value is, as far as it can be told without calling it: two builds have to agree on it. */
function shape(value, depth = DEPTH, seen = new Set()) {
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    const own = Object.getOwnPropertyNames(value).toSorted();
    const members = isClass && value.prototype ? Object.getOwnPropertyNames(value.prototype).toSorted() : [];
    return { fn: value.name, arity: value.length, isClass, own, members };
  }
  if (typeof value === 'bigint' || typeof value === 'symbol' || value === undefined) return String(value);
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : value;
  if (seen.has(value) || depth === 0) return Object.prototype.toString.call(value);
  seen.add(value);
  const properties = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([key]) => !isAdded(key));
  const entries = properties.map(([key, { value: inner, get }]) => [
    key,
    get ? 'getter' : shape(inner, depth - 1, seen),
  ]);
  return { tag: Object.prototype.toString.call(value), entries };
}

async function shapeOf(file) {
  try {
    const exports = await import(pathToFileURL(file).href);
    const names = Object.keys(exports).filter((name) => !isAdded(name));
    return Object.fromEntries(names.map((name) => [name, shape(exports[name])]));
  } catch (error) {
    return { fails: String(error) };
  }
}

const shapes = {};
for (const file of files) shapes[file] = await shapeOf(file);
writeFileSync(result, JSON.stringify(shapes));
// Some of them leave timers behind.
process.exit(0);
