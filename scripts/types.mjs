// The public types, under every TypeScript we support.
import { join } from 'node:path';
import { main, root, run } from './lib/steps.mjs';

const COMPILERS = ['typescript', 'typescript-6', 'typescript-5.9'];
const RESOLUTIONS = [
  ['--module', 'nodenext'],
  ['--module', 'esnext', '--moduleResolution', 'bundler'],
];

await main(async () => {
  for (const compiler of COMPILERS) {
    for (const resolution of RESOLUTIONS) {
      const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
      process.stdout.write(`${compiler} ${resolution.join(' ')}\n`);
      await run(process.execPath, [tsc, '-p', '__test__/types/tsconfig.json', ...resolution]);
    }
  }
});
