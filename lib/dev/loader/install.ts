/** Putting the loader in place, by what this Node offers. */
import * as module from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../../native/index.js';
import { findProject } from '../../cli/project.js';
import { CLIENT, type ClientSource } from '../../late.js';
import { Loader } from './core.js';

/** `module.registerHooks`, Node 22.15 and 23.5 on; its types come later than our oldest Node's. */
type RegisterHooks = (hooks: {
  resolve(
    specifier: string,
    context: { parentURL?: string },
    next: (specifier: string, context: object) => object,
  ): object;
}) => void;

/** Once a process: hooks answer from now on, and modules loaded before find the client late. */
export function install(): void {
  const scope = globalThis as { [CLIENT]?: ClientSource };
  if (scope[CLIENT]) return;
  const loader = new Loader(native);
  scope[CLIENT] = () => import(lateClient(loader));
  const { registerHooks } = module as unknown as { registerHooks?: RegisterHooks };
  if (registerHooks) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const url = loader.resolve(specifier, context.parentURL);
        return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true };
      },
    });
  } else {
    module.register(new URL('./hooks.js', import.meta.url));
  }
  followDev();
}

function lateClient(loader: Loader): string {
  const from = process.argv[1] ?? join(process.cwd(), 'index.js');
  const url = loader.client(from) ?? loader.client(join(process.cwd(), 'index.js'));
  if (url === undefined)
    throw new Error(`${from} is not in a Kontract project: there is no package.json with a src/ folder above it`);
  return url;
}

/** Calls go to the `kontract dev` that runs for this project, wherever it listens. */
function followDev(): void {
  const root = findProject(process.cwd());
  if (root === undefined || process.env['KONTRACT_URL']) return;
  const file = join(root, '.kontract', 'dev.json');
  if (!existsSync(file)) return;
  try {
    process.env['KONTRACT_URL'] = (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url;
  } catch {
    // Half-written by a dev server that is starting: the default address is as good a guess.
  }
}
