/** `env.auth`: tokens for applications that do their own log-in. */
import type { NativeCall } from '../native/types.js';
import { storageError } from './failure.js';

export interface NewToken {
  /** The user. */
  sub: string;
  /** The tenant. Default: the user. */
  owner?: string;
  groups?: readonly string[];
  /** The most the user's calls may do. Default: what the call that issues it may. */
  perm?: number;
  /** Seconds. Default: an hour; at most thirty days. */
  ttl?: number;
}

export interface Auth {
  issue(token: NewToken): Promise<string>;
}

/** The gateway holds the secret and checks what is asked for. */
export function createAuth(call: NativeCall): Auth {
  return Object.freeze({
    issue: async (token: NewToken): Promise<string> => {
      const { sub, owner, groups, perm, ttl } = checked(token);
      try {
        return call.issueToken({
          sub,
          ...(owner === undefined ? {} : { owner }),
          groups: [...(groups ?? [])],
          ...(perm === undefined ? {} : { perm }),
          ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
        });
      } catch (error) {
        throw storageError(error);
      }
    },
  });
}

function checked(token: NewToken): NewToken {
  const { sub, owner, groups, perm, ttl } = token;
  const wrong =
    (typeof sub !== 'string' && 'sub is a string') ||
    (owner !== undefined && typeof owner !== 'string' && 'owner is a string') ||
    (groups !== undefined && !isStrings(groups) && 'groups is a list of strings') ||
    (perm !== undefined && !isWithin(perm, 0, 7) && 'perm is a mask, such as perms.R__') ||
    (ttl !== undefined && !isWithin(ttl, 1, 0xffff_ffff) && 'ttl is a number of seconds');
  if (wrong) throw new TypeError(`env.auth.issue: ${wrong}`);
  return token;
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
