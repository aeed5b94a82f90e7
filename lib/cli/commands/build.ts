/** `kontract build` */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { buildPage, hasPage, pageErrors } from '../../dev/page.js';
import { LOCK_FILE, markAsModules, requireProject, workFolder, writeIfChanged } from '../project.js';
import type { CompileOptions, CompileResult, Native } from '../../native/types.js';
import { loadConfig, routesOf, type Config } from '../config.js';
import { UserError } from '../errors.js';
import { inputProblem, plainDiagnostic, type PlainDiagnostic } from '../json.js';
import { mask, silent, table, terminal, type Reporter } from '../output.js';

export interface BuildFlags {
  json?: boolean;
  /** Inside the project. */
  out: string;
  /** Undefined: what CI says. */
  frozenLock?: boolean;
}

/** What a build came to. */
interface Built {
  result: CompileResult;
  page: Map<string, number>;
  pageMs: number;
}

export async function build(flags: BuildFlags): Promise<void> {
  if (flags.json) return await buildJson(flags);
  const { result, page } = await run(flags, terminal);
  if (!result.ok) throw new UserError(`${errorCount(result)} in this project`);
  process.stdout.write(`${routeTable(result)}\n${pageTable(page, flags.out)}`);
}

/** One object on stdout, whatever is wrong: with the sources, the config, the folder or the page. */
async function buildJson(flags: BuildFlags): Promise<void> {
  let ok = false;
  try {
    const built = await run(flags, silent);
    ok = built.result.ok;
    process.stdout.write(`${JSON.stringify(summary(built, flags.out))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify(failed(inputProblem(error), flags.out))}\n`);
  }
  if (!ok) process.exitCode = 1;
}

async function run(flags: BuildFlags, report: Reporter): Promise<Built> {
  const root = requireProject(process.cwd());
  if (!join(root, flags.out).startsWith(root + sep)) {
    throw new UserError(`--out ${flags.out} leads out of the project: it must be a path inside the project`);
  }
  const { native } = await import('../../native/index.js');
  const config = loadConfig(root);
  workFolder(root);
  const frozenLock = flags.frozenLock ?? isCi();
  const options = { ...compileOptions(native, config, flags.out, report), frozenLock };
  const result = native.compileProject(root, options);
  report.diagnostics(result.diagnostics);
  if (!result.ok) return { result, page: new Map(), pageMs: 0 };
  keepLock(root, result, frozenLock, report);
  markAsModules(join(root, flags.out));
  report.step(`compiled to ${flags.out}/`, result.timings.totalMs);
  const started = performance.now();
  const page = await bundlePage(root, flags.out, report);
  return { result, page, pageMs: performance.now() - started };
}

/** As package managers do: on a developer's machine the lock file follows, in CI it decides. */
function keepLock(root: string, result: CompileResult, frozen: boolean, report: Reporter): void {
  const file = join(root, LOCK_FILE);
  const stale = result.diagnostics.filter(({ code }) => code === 'KT2020').length;
  const changes = !existsSync(file) || readFileSync(file, 'utf8') !== result.lock;
  if (frozen && (changes || stale > 0)) {
    throw new UserError(
      `${LOCK_FILE} is out of date, and this build may not change it (${process.env['CI'] ? 'CI is set' : '--frozen-lock'})`,
      'Run kontract sync and commit the file.',
    );
  }
  if (writeIfChanged(file, result.lock)) report.note(`${LOCK_FILE} has changed: commit it`);
}

function isCi(): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI']);
}

/** Pins come from the config, else from the key this machine would serve with. */
function compileOptions(native: Native, config: Config, outDir: string, report: Reporter): CompileOptions {
  const keys = [process.env['KONTRACT_KEY'], process.env['KONTRACT_NEXT_KEY']].filter(
    (key) => key !== undefined && key !== '',
  );
  const pins = config.pins ?? keys.map((key) => native.publicKey(key as string).publicKey);
  if (pins.length === 0) {
    report.warn(
      'No pins in kontract.config.json and no KONTRACT_KEY: clients of this build trust no gateway until kontract.configure({ pins }). Make a key with: kontract keygen',
    );
  }
  return { mode: 'production', outDir, pins, ...routesOf(config), ...(config.url ? { url: config.url } : {}) };
}

async function bundlePage(root: string, out: string, report: Reporter): Promise<Map<string, number>> {
  const outDir = join(root, out, 'public');
  rmSync(outDir, { recursive: true, force: true });
  if (!hasPage(root)) return new Map();
  const started = performance.now();
  try {
    const files = await buildPage({ root, build: join(root, out), outDir, mode: 'production' });
    report.step(`bundled the page to ${out}/public/`, performance.now() - started);
    return files;
  } catch (error) {
    const text = await pageErrors(error);
    throw text ? new UserError(`The page does not bundle\n${text}`) : error;
  }
}

/** The object `--json` prints. */
function summary({ result, page, pageMs }: Built, out: string): object {
  return {
    ok: result.ok,
    // Native code leaves absent fields out; here they are null.
    routes: result.routes.map(({ id, file, line, perm, ugroup, egroup, middleware }) => ({
      id,
      file,
      line,
      perm,
      ugroup: ugroup ?? null,
      egroup: egroup ?? null,
      middleware,
    })),
    outputs: outputs(out),
    page: page.size > 0 ? `${out}/public` : null,
    diagnostics: result.diagnostics.map(plainDiagnostic),
    timings: { ...result.timings, pageMs },
  };
}

function failed(problem: PlainDiagnostic, out: string): object {
  const timings = { totalMs: 0, readMs: 0, checkMs: 0, compileMs: 0, writeMs: 0, pageMs: 0 };
  return { ok: false, routes: [], outputs: outputs(out), page: null, diagnostics: [problem], timings };
}

function outputs(out: string): Record<string, string> {
  return Object.fromEntries(['client', 'server', 'schemas', 'types'].map((part) => [part, `${out}/${part}`]));
}

function routeTable({ routes }: CompileResult): string {
  const rows = routes.map(({ id, perm, egroup, ugroup, middleware, file, line }) => [
    id,
    mask(perm),
    egroup ?? '',
    ugroup ?? '',
    String(middleware.length),
    `${file}:${line}`,
  ]);
  return table([['route', 'perm', 'egroup', 'ugroup', 'middleware', 'where'], ...rows]);
}

function pageTable(page: Map<string, number>, out: string): string {
  if (page.size === 0) return '';
  const rows = [...page].map(([file, bytes]) => [`${out}/public/${file}`, `${(bytes / 1000).toFixed(1)} kB`]);
  return `\n${table([['file', 'size'], ...rows])}\n`;
}

function errorCount({ diagnostics }: CompileResult): string {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  return `${count} ${count === 1 ? 'error' : 'errors'}`;
}
