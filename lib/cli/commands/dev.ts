/** `kontract dev` */
import { spawn } from 'node:child_process';
import { startDev } from '../../dev/server.js';
import { terminal } from '../output.js';
import { requireProject } from '../project.js';
import { untilStopped } from '../signals.js';

export interface DevFlags {
  port?: number;
  host?: string;
  open?: boolean;
}

export async function dev(flags: DevFlags): Promise<void> {
  const started = performance.now();
  const root = requireProject(process.cwd());
  const { open, ...options } = flags;
  const aborter = new AbortController();
  const starting = startDev({ root, ...options, report: terminal, signal: aborter.signal });
  await untilStopped(
    async () => {
      const server = await starting;
      terminal.step(`ready: ${server.url}`, performance.now() - started);
      if (open) openBrowser(server.url);
    },
    async () => {
      terminal.note('stopping');
      aborter.abort();
      await (await starting.catch(() => undefined))?.stop();
    },
  );
}

/** Best effort: a machine without a browser is fine. */
function openBrowser(url: string): void {
  const [program, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url]]
        : ['xdg-open', [url]];
  const child = spawn(program as string, args as string[], { stdio: 'ignore', detached: true });
  child.once('error', () => terminal.note(`no browser could be opened; the page is at ${url}`));
  child.unref();
}
