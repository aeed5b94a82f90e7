/** `.kontract/dev.json` says which `kontract dev` is running in a project, and where. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './postgres/cluster.js';

export interface Instance {
  pid: number;
  url: string;
}

const ANSWER_MS = 2000;

const file = (root: string): string => join(root, '.kontract', 'dev.json');

/** The running instance; undefined when there is none or the file is left over from a crash. */
export function runningInstance(root: string): Instance | undefined {
  if (!existsSync(file(root))) return undefined;
  try {
    const instance = JSON.parse(readFileSync(file(root), 'utf8')) as Instance;
    return typeof instance.pid === 'number' && isAlive(instance.pid) ? instance : undefined;
  } catch {
    return undefined;
  }
}

/** A process id may belong to something else by now; the gateway's own answer settles it. */
export async function isServing({ url }: Instance): Promise<boolean> {
  try {
    return (await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

export function announce(root: string, url: string): void {
  writeFileSync(file(root), JSON.stringify({ pid: process.pid, url } satisfies Instance));
}

export function withdraw(root: string): void {
  if (runningInstance(root)?.pid === process.pid) rmSync(file(root), { force: true });
}
