/** `kontract keygen` */
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Keys } from '../../native/types.js';
import { UserError } from '../errors.js';

export interface KeygenFlags {
  json?: boolean;
  /** The key that is to follow the present one. */
  next?: boolean;
  /** File for the private half. */
  out?: string;
  force?: boolean;
}

export async function keygen(flags: KeygenFlags): Promise<void> {
  if (flags.force && !flags.out) throw new UserError('--force is about the file of --out, and there is none');
  // Before a key is made: a private half that is printed and then lost is one too many.
  if (flags.out && !flags.force && existsSync(flags.out)) throw taken(flags.out);
  const { keygen: generate } = await import('../../native/index.js');
  const keys = generate();
  const line = `${variable(flags)}=${keys.privateKey}`;
  if (flags.out) writePrivate(flags.out, `${line}\n`, flags.force ?? false);
  process.stdout.write(flags.json ? json(keys, flags) : text(keys, line, flags));
}

/** What `kontract start` reads the private half from. */
function variable({ next }: KeygenFlags): string {
  return next ? 'KONTRACT_NEXT_KEY' : 'KONTRACT_KEY';
}

/** Readable by its owner from its first byte on, and whole or not there. */
function writePrivate(file: string, content: string, force: boolean): void {
  if (!force) {
    try {
      writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === 'EEXIST' ? taken(file) : unwritable(file, cause);
    }
    return;
  }
  const beside = `${file}.${process.pid}.new`;
  try {
    writeFileSync(beside, content, { mode: 0o600, flag: 'wx' });
    chmodSync(beside, 0o600);
    renameSync(beside, file);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw unwritable(file, cause);
  }
}

function taken(file: string): UserError {
  return new UserError(
    `${file} is there already: a key that is overwritten is lost, and clients that pin it with it`,
    'Choose another file, or say --force.',
  );
}

function unwritable(file: string, cause: unknown): UserError {
  return new UserError(`${file} cannot be written: ${(cause as Error).message}`, undefined, { cause });
}

/** The private half is in the file or in the answer, never in both. */
function json(keys: Keys, { out, next }: KeygenFlags): string {
  const { privateKey, publicKey, keyId } = keys;
  const where = out ? { file: out } : { privateKey };
  return `${JSON.stringify({ ...where, publicKey, keyId, ...(next ? { next: true } : {}) })}\n`;
}

function text({ publicKey, keyId }: Keys, line: string, { out, next }: KeygenFlags): string {
  const secret = out
    ? `The private half is in ${out}, readable by you only: KEY=value, as node --env-file and systemd read it.\n`
    : `${line}\n\nKeep that line where the gateway's secrets are: whoever has it can be your gateway.\n`;
  const pins = next
    ? `Clients that are to go on after the change pin it beside the present key, key ${keyId}.\n` +
      `First start every server with it, then add it to kontract.config.json and build:\n\n` +
      `  "pins": ["<the present pin>", "${publicKey}"]\n\n` +
      `docs/keys.md has the steps.\n`
    : `Clients pin its public half, key ${keyId}. In kontract.config.json:\n\n  "pins": ["${publicKey}"]\n`;
  return secret + pins;
}
