/** `kontract check`: Kontract's findings and TypeScript's, of a whole project. */
import { compileDev } from '../../dev/build.js';
import { ensureDevKeys } from '../../dev/keys.js';
import { watchProject } from '../../dev/watch.js';
import type { Diagnostic, Native } from '../../native/types.js';
import { loadConfig } from '../config.js';
import { UserError } from '../errors.js';
import { inputProblem, plainDiagnostic } from '../json.js';
import { terminal } from '../output.js';
import { requireProject } from '../project.js';
import { untilStopped } from '../signals.js';
import { diagnose } from '../typescript/diagnose.js';
import { requireTypeScript } from '../typescript/find.js';
import { openSources } from '../typescript/sources.js';

export interface CheckFlags {
  json?: boolean;
  watch?: boolean;
}

export async function check(flags: CheckFlags): Promise<void> {
  if (flags.json) return await checkJson();
  const { native } = await import('../../native/index.js');
  const root = requireProject(process.cwd());
  if (flags.watch) return await checkOnChange(root, native);
  const { errors } = await show(root, native);
  if (errors > 0) throw new UserError(summary(errors));
}

/** Until somebody stops it; a project that cannot be checked now may be a moment later. */
async function checkOnChange(root: string, native: Native): Promise<void> {
  const again = async (): Promise<void> => {
    try {
      const { errors } = await show(root, native);
      if (errors > 0) terminal.warn(summary(errors));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      terminal.error(error);
    }
  };
  // One after another: a change during a check is another check.
  let running = Promise.resolve();
  let unwatch: (() => Promise<void>) | undefined;
  await untilStopped(
    async () => {
      unwatch = await watchProject(root, () => (running = running.then(again)));
      await (running = running.then(again));
    },
    async () => await unwatch?.(),
  );
}

async function show(root: string, native: Native): Promise<{ errors: number }> {
  const { diagnostics, version, ms } = await findings(root, native);
  terminal.diagnostics(diagnostics);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) terminal.step(`no errors (TypeScript ${version})`, ms);
  return { errors };
}

const summary = (errors: number): string => `${errors} ${errors === 1 ? 'error' : 'errors'} in this project`;

/** One object, whatever is wrong: `{ ok, typescript, diagnostics, timings }`. */
async function checkJson(): Promise<void> {
  const print = (result: object): void => void process.stdout.write(`${JSON.stringify(result)}\n`);
  try {
    const { native } = await import('../../native/index.js');
    const { diagnostics, version, ms } = await findings(requireProject(process.cwd()), native);
    const ok = !diagnostics.some(({ severity }) => severity === 'error');
    print({ ok, typescript: version, diagnostics: diagnostics.map(plainDiagnostic), timings: { totalMs: ms } });
    if (!ok) process.exitCode = 1;
  } catch (error) {
    print({ ok: false, typescript: null, diagnostics: [inputProblem(error)], timings: { totalMs: 0 } });
    process.exitCode = 1;
  }
}

async function findings(
  root: string,
  native: Native,
): Promise<{ diagnostics: Diagnostic[]; version: string; ms: number }> {
  const started = performance.now();
  const typescript = requireTypeScript(root);
  // Also writes src/.kontract/types.d.ts; with errors the last good one stays.
  const { publicKey } = ensureDevKeys(root, () => native.keygen());
  const compiled = compileDev(native, root, loadConfig(root), publicKey, { lock: false });
  const sources = openSources(root, native, compiled.declarations);
  const unreadable = compiled.diagnostics.some(({ code }) => code.startsWith('KT1'));
  // What Kontract cannot read TypeScript cannot either, and would say so in its own words.
  const checker = unreadable ? undefined : await typescript.open(sources);
  try {
    const types = checker ? diagnose(checker, sources) : [];
    const ms = performance.now() - started;
    return { diagnostics: [...compiled.diagnostics, ...types], version: typescript.version, ms };
  } finally {
    checker?.close();
  }
}
