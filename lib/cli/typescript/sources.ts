/**
 * A project as TypeScript sees it: its files with Kontract's decorators blanked, so that positions
 * stay what they are, and the generated types in place.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Native } from '../../native/types.js';

export interface Sources {
  root: string;
  /** The project's tsconfig files that hold files themselves; empty when there is none. */
  configs: string[];
  /** What is checked besides what a tsconfig says: the generated types; without a tsconfig, all of src. */
  extra: string[];
  /** The text TypeScript is given; undefined: what is on disk. */
  read(file: string): string | undefined;
  /** The file whose types stand in this namespace of the generated types (`src_types`), if it declares `name`. */
  sourceOf(namespace: string, name: string): string | undefined;
}

/** What a project without a tsconfig is checked with. */
export const DEFAULTS = {
  strict: true,
  target: 'esnext',
  module: 'esnext',
  moduleResolution: 'bundler',
  jsx: 'preserve',
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/** Nothing is written, and nothing that would only matter for writing is complained about. */
export const OVERRIDES = {
  noEmit: true,
  composite: false,
  incremental: false,
  declaration: false,
  declarationMap: false,
  emitDeclarationOnly: false,
};

const SOURCE = /(?<!\.d)\.[cm]?tsx?$/;

/** `declarations` are the generated types of this very compile; without them those on disk are taken. */
export function openSources(root: string, native: Pick<Native, 'blank'>, declarations = ''): Sources {
  const src = join(root, 'src') + sep;
  const types = join(root, 'src', '.kontract', 'types.d.ts');
  const configs = configsOf(join(root, 'tsconfig.json'));
  const generated = declarations !== '' || existsSync(types) ? [types] : [];
  const texts = new Map<string, string | undefined>();
  const read = (file: string): string | undefined => {
    const path = resolve(file);
    if (path === types && declarations !== '') return declarations;
    if (!path.startsWith(src) || !SOURCE.test(path) || path.includes(`${sep}node_modules${sep}`)) return undefined;
    if (!texts.has(path)) {
      const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
      texts.set(path, text?.includes('@') ? native.blank(relative(root, path), text) : text);
    }
    return texts.get(path);
  };
  const sourceOf = (namespace: string, name: string): string | undefined => {
    const files = sourceFiles(src).filter((file) => namespaceOf(relative(root, file)) === namespace);
    const declares = new RegExp(`\\b(interface|class|type|enum)\\s+${name.replaceAll('$', '\\$')}\\b`);
    return files.find((file) => declares.test(readFileSync(file, 'utf8')));
  };
  return { root, configs, sourceOf, extra: configs.length > 0 ? generated : [...generated, ...sourceFiles(src)], read };
}

/** A tsconfig, or those it refers to when it has no files of its own (as Vite's templates do). */
function configsOf(file: string): string[] {
  if (!existsSync(file)) return [];
  const { files, include, references } = parseJsonc(readFileSync(file, 'utf8'));
  const empty = Array.isArray(files) && files.length === 0 && include === undefined;
  if (!empty || !Array.isArray(references)) return [file];
  return (references as { path: string }[]).flatMap(({ path }) => {
    const target = resolve(file, '..', path);
    return configsOf(target.endsWith('.json') ? target : join(target, 'tsconfig.json'));
  });
}

/** As the compiler names it (`crates/compiler/src/emit/declarations.rs`). */
function namespaceOf(path: string): string {
  return path.replace(/\.tsx?$/, '').replace(/[^A-Za-z0-9]/g, '_');
}

function sourceFiles(src: string): string[] {
  return (readdirSync(src, { recursive: true }) as string[])
    .filter((name) => SOURCE.test(name) && !/(^|[\\/])(node_modules|\.[^\\/]*)[\\/]/.test(name))
    .map((name) => join(src, name))
    .toSorted();
}

/** JSON with comments and trailing commas, as tsconfig files have them. */
function parseJsonc(text: string): Record<string, unknown> {
  const bare = text
    .replace(/^\uFEFF/, '')
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string?: string) => string ?? '')
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
  try {
    return JSON.parse(bare) as Record<string, unknown>;
  } catch {
    // TypeScript reads it next, and says what is wrong with it.
    return {};
  }
}
