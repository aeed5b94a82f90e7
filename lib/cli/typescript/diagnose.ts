/** What TypeScript finds in a project, in the shape of Kontract's own findings, at the user's positions. */
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Diagnostic } from '../../native/types.js';
import type { Sources } from './sources.js';
import type { Checker, Found } from './types.js';

/** `'x' is declared but its value is never read` in its four forms. */
const UNUSED = new Set([6133, 6192, 6196, 6198]);

export function diagnose(checker: Checker, sources: Sources): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const found of checker.diagnostics()) {
    const diagnostic = translate(found, sources);
    // Several tsconfig files may share a source.
    if (diagnostic) seen.set(JSON.stringify(diagnostic), diagnostic);
  }
  return [...seen.values()].toSorted(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.code, b.code),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function translate(found: Found, sources: Sources): Diagnostic | undefined {
  const { code, severity, message } = found;
  const base = { code: `TS${code}`, severity, message, help: null };
  if (found.file === undefined) {
    return { ...base, file: 'tsconfig.json', line: 1, column: 1, frame: `${severity}[TS${code}]: ${message}\n` };
  }
  const file = relative(sources.root, found.file).split(sep).join('/');
  const text = original(found.file);
  if (text === undefined)
    return { ...base, file, line: 1, column: 1, frame: `${severity}[TS${code}]: ${message}\n --> ${file}\n` };
  if (UNUSED.has(code) && isUsedByDecorator(found, text, sources)) return undefined;
  const { line, column, source } = placeOf(text, found.start);
  return {
    ...base,
    file,
    line,
    column,
    frame: frame({ ...base, file, line, column }, source, found.end - found.start),
  };
}

/** A name that only decorators use looks unused where they are blanked. */
function isUsedByDecorator(found: Found, text: string, sources: Sources): boolean {
  const blanked = found.file === undefined ? undefined : sources.read(found.file);
  if (blanked === undefined || blanked.length !== text.length) return false;
  const names = text.slice(found.start, found.end).match(/[A-Za-z_$][\w$]*/g) ?? [];
  const inDecorators = text.replace(/[\s\S]/g, (unit, at: number) => (blanked[at] === unit ? ' ' : unit));
  return names.some((name) => new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(inDecorators));
}

function original(file: string): string | undefined {
  try {
    // TypeScript counts from behind a byte order mark.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return undefined;
  }
}

export function placeOf(text: string, offset: number): { line: number; column: number; source: string } {
  const before = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  const head = before.at(-1) ?? '';
  const rest = text.slice(offset).split(/[\n\r\u2028\u2029]/)[0] ?? '';
  return { line: before.length, column: head.length + 1, source: head + rest };
}

function frame(found: Omit<Diagnostic, 'frame'>, source: string, length: number): string {
  const gutter = ' '.repeat(String(found.line).length);
  const shown = source.replaceAll('\t', ' ');
  const width = Math.max(1, Math.min(length, source.length - found.column + 1));
  return (
    `${found.severity}[${found.code}]: ${found.message}\n` +
    `${gutter}--> ${found.file}:${found.line}:${found.column}\n` +
    `${gutter} |\n` +
    `${found.line} | ${shown}\n` +
    `${gutter} | ${' '.repeat(found.column - 1)}${'^'.repeat(width)}\n`
  );
}
