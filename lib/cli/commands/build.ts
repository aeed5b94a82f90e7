/** `kontract build` */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPage, hasPage, pageErrors } from '../../dev/page.js';
import { LOCK_FILE, markAsModules, requireProject, workFolder, writeIfChanged } from '../project.js';
import type { CompileOptions, CompileResult, Native } from '../../native/types.js';
import { loadConfig, type Config } from '../config.js';
import { UserError } from '../errors.js';
import { mask, silent, table, terminal, type Reporter } from '../output.js';

export interface BuildFlags {
  json?: boolean;
}

const OUT = 'dist';

export async function build(flags: BuildFlags): Promise<void> {
  const report = flags.json ? silent : terminal;
  const root = requireProject(process.cwd());
  const { native } = await import('../../native/index.js');
  const config = loadConfig(root);
  workFolder(root);
  const result = native.compileProject(root, compileOptions(native, config, report));
  report.diagnostics(result.diagnostics);
  if (result.ok) {
    writeIfChanged(join(root, LOCK_FILE), result.lock);
    markAsModules(join(root, OUT));
    report.step(`compiled to ${OUT}/`, result.timings.totalMs);
  }
  const started = performance.now();
  const page = result.ok ? await bundlePage(root, report) : new Map<string, number>();
  const pageMs = performance.now() - started;
  if (flags.json) process.stdout.write(`${JSON.stringify(summary(result, page, pageMs))}\n`);
  else if (result.ok) process.stdout.write(`${routeTable(result)}\n${pageTable(page)}`);
  if (!result.ok && !flags.json) throw new UserError(`${errorCount(result)} in this project`);
  if (!result.ok) process.exitCode = 1;
}

/** Pins come from the config, else from the key this machine would serve with. */
function compileOptions(native: Native, config: Config, report: Reporter): CompileOptions {
  const key = process.env['KONTRACT_KEY'];
  const pins = config.pins ?? (key ? [native.publicKey(key).publicKey] : []);
  if (pins.length === 0) {
    report.warn(
      'No pins in kontract.config.json and no KONTRACT_KEY: clients of this build trust no gateway until kontract.configure({ pins }). Make a key with: kontract keygen',
    );
  }
  return { mode: 'production', outDir: OUT, pins, ...(config.url ? { url: config.url } : {}) };
}

async function bundlePage(root: string, report: Reporter): Promise<Map<string, number>> {
  const outDir = join(root, OUT, 'public');
  rmSync(outDir, { recursive: true, force: true });
  if (!hasPage(root)) return new Map();
  const started = performance.now();
  try {
    const files = await buildPage({ root, build: join(root, OUT), outDir, mode: 'production' });
    report.step(`bundled the page to ${OUT}/public/`, performance.now() - started);
    return files;
  } catch (error) {
    const text = await pageErrors(error);
    throw text ? new UserError(`The page does not bundle\n${text}`) : error;
  }
}

/** The object `--json` prints: for CI and editors, so its shape only ever grows. */
function summary(result: CompileResult, page: Map<string, number>, pageMs: number): object {
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
    outputs: Object.fromEntries(['client', 'server', 'schemas', 'types'].map((part) => [part, `${OUT}/${part}`])),
    page: page.size > 0 ? `${OUT}/public` : null,
    diagnostics: result.diagnostics.map(({ code, severity, file, line, column, message, help }) => ({
      code,
      severity,
      file,
      line,
      column,
      message,
      help: help ?? null,
    })),
    timings: { ...result.timings, pageMs },
  };
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

function pageTable(page: Map<string, number>): string {
  if (page.size === 0) return '';
  const rows = [...page].map(([file, bytes]) => [`${OUT}/public/${file}`, `${(bytes / 1000).toFixed(1)} kB`]);
  return `\n${table([['file', 'size'], ...rows])}\n`;
}

function errorCount({ diagnostics }: CompileResult): string {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  return `${count} ${count === 1 ? 'error' : 'errors'}`;
}

/** True when `kontract build` has been run in `root`. */
export function isBuilt(root: string): boolean {
  return existsSync(join(root, OUT, 'manifest.json'));
}
