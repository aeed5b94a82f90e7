// The echo server of crates/raystream as a child process, and routes to call on it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');

/** @returns {Promise<{ url: string, pin: string, stop(): void }>} */
export async function startEcho() {
  execFileSync('cargo', ['build', '-q', '-p', 'kontract-raystream', '--example', 'echo'], {
    cwd: root,
    stdio: 'inherit',
  });
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
  const child = spawn(join(target, 'debug', 'examples', 'echo'), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const [url, pin] = line.toString().trim().split(' ');
  return { url, pin, stop: () => child.kill() };
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A route whose argument and reply are text. */
export function route(id, egroup = null) {
  return {
    id,
    hash: '00c0ffee00c0ffee',
    perm: 7,
    egroup,
    encodeArgs: ([argument = '']) => utf8.encode(argument),
    decodeReply: (bytes) => text.decode(bytes),
  };
}
