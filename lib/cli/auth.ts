/** The `auth` section of the config: which tokens a server believes. Secrets are in the environment. */
import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenOptions } from '../native/types.js';
import { CONFIG_FILE, type Config } from './config.js';
import { UserError } from './errors.js';

export interface AuthConfig {
  /** PEM text, a path to a PEM or JWK file in the project, or a JWK. */
  keys?: unknown[];
  jwks?: string;
  issuers?: string[];
  audiences?: string[];
  leewaySeconds?: number;
  public?: string[];
}

/** HS256 wants a secret as long as its hash (RFC 7518 section 3.2). */
const MIN_SECRET_BYTES = 32;

/** `KONTRACT_JWT_SECRET`, if it is set. */
export function jwtSecret(): string | undefined {
  const secret = process.env['KONTRACT_JWT_SECRET'];
  if (!secret) return undefined;
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new UserError(
      `KONTRACT_JWT_SECRET is shorter than ${MIN_SECRET_BYTES} bytes: it could be guessed from one token`,
      'Make one with: openssl rand -base64 48',
    );
  }
  return secret;
}

/** What the config says of tokens, as the server takes it. */
export function tokenOptions(root: string, { auth }: Config, manifest: string): { tokens?: TokenOptions } {
  if (!auth) return {};
  const { keys = [], ...rest } = auth;
  const jwks = keys.map((key, index) => jwk(root, key, `${CONFIG_FILE}: auth.keys[${index}]`));
  checkPublic(auth.public ?? [], manifest);
  return { tokens: { ...rest, ...(jwks.length > 0 ? { keys: jwks } : {}) } };
}

/** Whether the config names keys, so that a server needs no secret of its own. */
export function hasKeys({ auth }: Config): boolean {
  return auth?.jwks !== undefined || (auth?.keys ?? []).length > 0;
}

/** A name that is no route would silently protect what its author meant to open, or open it later. */
function checkPublic(ids: readonly string[], manifest: string): void {
  const { routes } = JSON.parse(manifest) as { routes: { id: string }[] };
  const unknown = ids.find((id) => !routes.some((route) => route.id === id));
  if (unknown !== undefined) {
    throw new UserError(`${CONFIG_FILE}: auth.public names '${unknown}', and there is no backend function of that id`);
  }
}

function jwk(root: string, key: unknown, place: string): string {
  if (typeof key === 'object' && key !== null) return publicJwk(key as Record<string, unknown>, place);
  if (typeof key !== 'string') throw new UserError(`${place} should be PEM text, the path of a file, or a JWK`);
  if (key.includes('-----BEGIN')) return fromPem(key, place);
  const file = join(root, key);
  if (!existsSync(file)) throw new UserError(`${place} names a file that is not there: ${key}`);
  const text = readFileSync(file, 'utf8');
  if (text.includes('-----BEGIN')) return fromPem(text, place);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${place}: ${key} is neither PEM nor JSON`, undefined, { cause });
  }
  return publicJwk(value as Record<string, unknown>, place);
}

/** Certificates and public keys; a private key is one too many. */
function fromPem(pem: string, place: string): string {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw privateKey(place);
  try {
    return JSON.stringify(createPublicKey(pem).export({ format: 'jwk' }));
  } catch (cause) {
    throw new UserError(`${place} is no public key in PEM: ${(cause as Error).message}`, undefined, { cause });
  }
}

function publicJwk(value: Record<string, unknown>, place: string): string {
  if ('d' in value || 'k' in value) throw privateKey(place);
  return JSON.stringify(value);
}

function privateKey(place: string): UserError {
  return new UserError(
    `${place} is a private or secret key`,
    'Tokens are checked with the public half. A shared secret goes into KONTRACT_JWT_SECRET.',
  );
}
