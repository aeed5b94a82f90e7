/** Where a project is and where its files are (`docs/design/interfaces.md` section 7). */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, parse, relative, resolve, sep } from 'node:path';
import { CONFIG_FILE } from './config.js';
import { UserError } from './errors.js';

export const BUILD_DIR = 'node_modules/.kontract/build';
export const LOCK_FILE = 'kontract.lock.json';

/** The nearest folder at or above `from` that is a Kontract project, or undefined. */
export function findProject(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, CONFIG_FILE))) return folder;
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'src'))) return folder;
    if (folder === parse(folder).root) return undefined;
  }
}

export function requireProject(from: string): string {
  const root = findProject(from);
  if (root === undefined) {
    throw new UserError(
      `${from} is not in a Kontract project`,
      `A project is a folder with a package.json and a src/ folder, or with a ${CONFIG_FILE}.`,
    );
  }
  if (!existsSync(join(root, 'src'))) throw new UserError(`${root} has no src/ folder`, 'Put your TypeScript there.');
  return root;
}

/** `node_modules/.kontract/`, marked as ECMAScript modules whatever the project is. */
export function workFolder(root: string): string {
  const folder = join(root, 'node_modules', '.kontract');
  mkdirSync(folder, { recursive: true });
  markAsModules(folder);
  return folder;
}

export function markAsModules(folder: string): void {
  writeIfChanged(join(folder, 'package.json'), '{ "type": "module" }\n');
}

/** `.kontract/`: what belongs to this checkout only, out of version control by its own `.gitignore`. */
export function privateFolder(root: string): string {
  const folder = join(root, '.kontract');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeIfChanged(join(folder, '.gitignore'), '*\n');
  return folder;
}

export function writeIfChanged(file: string, text: string): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  writeFileSync(file, text);
  return true;
}

/** The compiled half of a project's source file, or undefined: `src/a/b.ts` → `<build>/client/a/b.js`. */
export function clientModule(root: string, build: string, source: string): string | undefined {
  const inside = relative(root, source);
  if (inside.startsWith('..') || !inside.startsWith(`src${sep}`)) return undefined;
  const emitted = inside.replace(/\.[cm]?[jt]sx?$/, '.js');
  const candidates = [join(build, 'client', emitted), join(build, 'client', emitted.slice(4))];
  return candidates.find((file) => existsSync(file));
}
