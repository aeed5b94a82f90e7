// The Node that runs the servers: this one, one at a path, or one from npm.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StepError, ask, root, run, step } from '../../scripts/lib/steps.mjs';

const FOLDER = join(root, 'bench/node');

/** Resolves `--node` to `{ path, version }`. */
export async function resolveNode(which) {
  const path = await find(which);
  const version = ask(path, ['--version']);
  if (!version) throw new StepError(`${path} is not a Node that runs here`);
  return { path, version: version.replace(/^v/, '') };
}

async function find(which) {
  if (!which || which === process.versions.node.split('.')[0]) return process.execPath;
  if (!/^\d+$/.test(which)) return which;
  const path = join(FOLDER, 'node_modules', `node-${which}`, 'bin/node');
  if (!existsSync(path)) await install(FOLDER, `Installing Node ${which} for the servers`);
  if (!existsSync(path))
    throw new StepError(`There is no Node ${which} for this machine in bench/node; give --node a path`);
  return path;
}

/** `npm ci` in a folder of the bench, unless what it has is what its lock says. */
export async function install(folder, title) {
  const complete = spawnSync('npm', ['ls', '--all'], { cwd: folder, stdio: 'ignore' }).status === 0;
  if (complete && existsSync(join(folder, 'node_modules/.package-lock.json'))) return;
  await step(title, () => run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder }));
}
