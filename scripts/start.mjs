// `npm start`: sets everything up and runs the todo example; `npm start -- --check` does the same
// headless: every kind of call, rows verified in Postgres, nothing readable on the wire.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setup } from './lib/setup.mjs';
import { main, root, run, step } from './lib/steps.mjs';

const HELP = `Usage: npm start [-- OPTIONS]

Sets Kontract up (npm packages, native addon, WebAssembly client) and runs examples/todo.

  --check       headless: run everything once on free ports, verify, stop, exit 0 or 1
  --no-open     do not open a browser
  --port N      port of the example (default 4400)
  --help        this text
`;

const args = process.argv.slice(2);
await main(async () => {
  if (args.includes('--help')) return void process.stdout.write(HELP);
  await setup();
  const example = join(root, 'examples/todo');
  if (args.includes('--check')) {
    return step('Checking examples/todo', () => run(process.execPath, ['check.mjs'], { cwd: example }));
  }
  const flags = args.includes('--no-open') || args.includes('--open') ? args : [...args, '--open'];
  const child = spawn(process.execPath, [join(root, 'bin/kontract.mjs'), 'dev', ...flags], {
    cwd: example,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((done) => child.on('exit', (code, signal) => done(signal ? 0 : (code ?? 1))));
});
