/**
 * What `import 'kontract'` means in a project's own code: the compiled client, made on the spot.
 * Synchronous, and the same whether Node asks it on the main thread or from its hooks thread.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadConfig } from '../../cli/config.js';
import { formatDiagnostic } from '../../cli/output.js';
import { BUILD_DIR, clientModule, findProject } from '../../cli/project.js';
import { UserError } from '../../cli/errors.js';
import type { Native } from '../../native/types.js';
import { compileDev } from '../build.js';
import { ensureDevKeys } from '../keys.js';

/** Where each of the package's entries is, so that generated code meets this very copy of it. */
const OWN = new Map(
  ['client', 'codec', 'runtime'].map((part) => [
    `kontract/${part}`,
    new URL(`../../${part}/index.js`, import.meta.url).href,
  ]),
);
const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
const SOURCE = /\.[cm]?tsx?$/;

export class Loader {
  private readonly native: Native;
  private readonly compiled = new Map<string, string>();

  constructor(native: Native) {
    this.native = native;
  }

  /** The URL `specifier` stands for when imported by `parent`, or undefined: not our business. */
  resolve(specifier: string, parent: string | undefined): string | undefined {
    if (!parent?.startsWith('file:')) return this.entryPoint(specifier);
    const importer = fileURLToPath(parent);
    const build = this.buildOf(importer);
    if (build !== undefined) return this.fromBuild(specifier, build);
    if (importer.includes(`${sep}node_modules${sep}`) || this.isPackage(importer)) return undefined;
    if (specifier === 'kontract') return this.client(importer);
    return this.sourceFile(specifier, importer);
  }

  /** The compiled client's entry for the project around `from`; compiles when something has changed. */
  client(from: string): string | undefined {
    const root = findProject(dirname(from));
    if (root === undefined || !existsSync(join(root, 'src'))) return undefined;
    return pathToFileURL(join(this.compile(root), 'client', 'index.js')).href;
  }

  /** `node src/page/main.ts`: the entry point has no parent. */
  private entryPoint(specifier: string): string | undefined {
    if (!specifier.startsWith('file:') || !SOURCE.test(specifier)) return undefined;
    return this.compiledSource(fileURLToPath(specifier));
  }

  private fromBuild(specifier: string, build: string): string | undefined {
    if (specifier === 'kontract' && build.endsWith(`${sep}client`)) return pathToFileURL(join(build, 'index.js')).href;
    return OWN.get(specifier);
  }

  /** `import { addTodo } from './src/api/todos.ts'`: the file's client half. */
  private sourceFile(specifier: string, importer: string): string | undefined {
    if (!/^(\.{0,2}\/|file:)/.test(specifier)) return undefined;
    const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(dirname(importer), specifier);
    for (const file of [path, `${path}.ts`, `${path}.tsx`, path.replace(/\.([cm]?)js$/, '.$1ts')]) {
      if (SOURCE.test(file) && existsSync(file)) return this.compiledSource(file);
    }
    return undefined;
  }

  private compiledSource(file: string): string | undefined {
    const root = findProject(dirname(file));
    if (root === undefined || !relative(root, file).startsWith(`src${sep}`)) return undefined;
    const module = clientModule(root, this.compile(root), file);
    if (module) return pathToFileURL(module).href;
    const name = relative(root, file).replaceAll(sep, '/');
    const error = new UserError(
      `${name} has no client half: only server code needs it`,
      'Import a file with @backend functions, or what client code of the project imports.',
    );
    error.stack = error.message;
    throw error;
  }

  /** Compiles each project once a process; the cache answers when nothing has changed. */
  private compile(root: string): string {
    const known = this.compiled.get(root);
    if (known !== undefined) return known;
    const { publicKey } = ensureDevKeys(root, () => this.native.keygen());
    const result = compileDev(this.native, root, loadConfig(root), publicKey);
    const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
    if (!result.ok) {
      const frames = errors.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n\n');
      const error = new UserError(`${root} does not compile\n\n${frames}\n`);
      // The frames say where; where the loader was says nothing.
      error.stack = error.message;
      throw error;
    }
    const build = join(root, BUILD_DIR);
    this.compiled.set(root, build);
    return build;
  }

  /** `…/build/client` or `…/build/codecs` and the like, when `file` is compiler output. */
  private buildOf(file: string): string | undefined {
    const marker = `${sep}node_modules${sep}.kontract${sep}`;
    const at = file.indexOf(marker);
    if (at < 0) return undefined;
    const parts = file.slice(at + marker.length).split(sep);
    const depth = parts.findIndex((part) => part === 'client' || part === 'server' || part === 'codecs');
    return depth < 0 ? undefined : file.slice(0, at + marker.length) + parts.slice(0, depth + 1).join(sep);
  }

  /** Kontract's own code, but not the projects that a checkout keeps beside it. */
  private isPackage(file: string): boolean {
    const inside = relative(PACKAGE, file).split(sep);
    return ['lib', 'bin', 'loader.mjs'].includes(inside[0] ?? '');
  }
}
