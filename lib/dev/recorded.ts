/**
 * The return types nobody wrote: asked of the project's TypeScript in one go and recorded in the lock
 * file, so that compiling never has to ask (`docs/design/interfaces.md` section 7).
 */
import { readFileSync, existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { LOCK_FILE, writeIfChanged } from '../cli/project.js';
import { findTypeScript } from '../cli/typescript/find.js';
import { openSources } from '../cli/typescript/sources.js';
import type { ReturnType } from '../cli/typescript/types.js';
import type { CompileResult, Native, UntypedRoute } from '../native/types.js';

export interface Recording {
  /** Functions whose type was asked for. */
  asked: string[];
  /** Those that have none that can cross the wire, with the reason. */
  unknown: { id: string; because: string }[];
}

/**
 * Asks for what `compiled` found missing or stale, all of it at once, and writes the answers. Undefined
 * when nothing is to be asked, or the project has no TypeScript.
 */
export async function recordReturnTypes(
  root: string,
  native: Native,
  compiled: Pick<CompileResult, 'declarations' | 'untyped'>,
): Promise<Recording | undefined> {
  const typescript = compiled.untyped.some(({ fresh }) => !fresh) ? findTypeScript(root) : undefined;
  if (!typescript) return undefined;
  const sources = openSources(root, native, compiled.declarations);
  const checker = await typescript.open(sources);
  const recording: Recording = { asked: [], unknown: [] };
  const types: Record<string, object> = {};
  try {
    for (const route of compiled.untyped) {
      const answer = checker.returnType(join(root, route.file), route.offset);
      const entry = 'text' in answer ? entryOf(root, route, answer) : answer;
      recording.asked.push(route.id);
      if ('because' in entry) recording.unknown.push({ id: route.id, because: entry.because });
      else types[route.id] = entry;
    }
  } finally {
    checker.close();
  }
  writeTypes(root, types);
  return recording;
}

interface Entry {
  from: string;
  names: Record<string, string>;
  returns: string;
}

function entryOf(
  root: string,
  route: UntypedRoute,
  answer: Extract<ReturnType, { text: string }>,
): Entry | { because: string } {
  const names: Record<string, string> = {};
  for (const [name, file] of Object.entries(answer.names)) {
    const path = relative(root, file).split(sep).join('/');
    if (!path.startsWith('src/')) return { because: `\`${name}\` is declared outside of src/` };
    names[name] = path;
  }
  return { from: route.from, names, returns: answer.text };
}

/** Only `types` changes; the rest of the lock file is the compiler's. */
function writeTypes(root: string, types: Record<string, object>): void {
  const file = join(root, LOCK_FILE);
  const lock = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : { version: 1 };
  writeIfChanged(file, `${JSON.stringify({ ...lock, types }, null, 2)}\n`);
}
