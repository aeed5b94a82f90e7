/** `kontract sync`: brings kontract.lock.json up to date with the sources, return types included. */
import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { compileDev } from '../../dev/build.js';
import { ensureDevKeys } from '../../dev/keys.js';
import { recordReturnTypes } from '../../dev/recorded.js';
import { loadConfig } from '../config.js';
import { UserError } from '../errors.js';
import { terminal } from '../output.js';
import { LOCK_FILE, requireProject } from '../project.js';

export async function sync(): Promise<void> {
  const started = performance.now();
  const root = requireProject(process.cwd());
  const { native } = await import('../../native/index.js');
  const config = loadConfig(root);
  const { publicKey } = ensureDevKeys(root, () => native.keygen());
  const before = lockText(root);
  const compile = () => compileDev(native, root, config, publicKey, { cache: false });
  let compiled = compile();
  const recording = await recordReturnTypes(root, native, compiled);
  if (recording) {
    compiled = compile();
    for (const { id, because } of recording.unknown) terminal.warn(`${id} has no return type to record: ${because}`);
  } else if (compiled.untyped.some(({ fresh }) => !fresh)) {
    terminal.warn('There is no TypeScript in this project to ask: npm install --save-dev typescript');
  }
  terminal.diagnostics(compiled.diagnostics);
  if (!compiled.ok) throw new UserError('The project does not compile');
  const asked = recording?.asked.length ?? 0;
  const what = asked > 0 ? `, ${asked} return ${asked === 1 ? 'type' : 'types'} asked for` : '';
  const change = lockText(root) === before ? 'was up to date' : 'brought up to date';
  terminal.step(`${LOCK_FILE} ${change}${what}`, performance.now() - started);
}

function lockText(root: string): string {
  const file = join(root, LOCK_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
