/** The gateway's key pair in development, and what is derived from a private key. */
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder } from '../cli/project.js';
import type { Keys } from '../native/types.js';

const file = (root: string): string => join(root, '.kontract', 'dev-key.json');

/** The public half, when there is a key already: enough for a client, and needs no addon. */
export function devPin(root: string): string | undefined {
  if (!existsSync(file(root))) return undefined;
  return (JSON.parse(readFileSync(file(root), 'utf8')) as Keys).publicKey;
}

/** The project's development key, made on first use. Its file is readable by its owner only. */
export async function devKeys(root: string): Promise<Keys & { created: boolean }> {
  const { keygen } = await import('../native/index.js');
  return ensureDevKeys(root, keygen);
}

export function ensureDevKeys(root: string, keygen: () => Keys): Keys & { created: boolean } {
  privateFolder(root);
  if (!existsSync(file(root))) {
    try {
      const keys = keygen();
      writeFileSync(file(root), `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      return { ...keys, created: true };
    } catch (error) {
      // Another process was first: its key is the one.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return { ...(JSON.parse(readFileSync(file(root), 'utf8')) as Keys), created: false };
}

/**
 * The gateway's database password: derived, so that there is one secret to keep, and different from
 * it, so that a database that logs passwords does not learn the key.
 */
export function gatewayPassword(privateKey: string): string {
  return createHmac('sha256', privateKey).update('kontract gateway database login').digest('base64url');
}

/** What tokens are signed with in development when nobody says otherwise: `env.auth.issue` works at once. */
export function devSecret(privateKey: string): string {
  return createHmac('sha256', privateKey).update('kontract development token secret').digest('base64url');
}
