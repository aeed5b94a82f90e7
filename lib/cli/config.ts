/** `kontract.config.json`: read, checked against its schema, never guessed at. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthConfig } from './auth.js';
import type { ServerLimits } from '../native/types.js';
import { UserError } from './errors.js';
import { problems, type Schema } from './validate.js';

export interface Config {
  url?: string;
  pins?: string[];
  host?: string;
  port?: number;
  devIdentity?: string;
  maxFrame?: number;
  routes?: 'by-name' | 'by-module';
  auth?: AuthConfig;
  http?: boolean;
  httpRoutes?: string[];
  suite?: 'chacha20-poly1305' | 'aes-256-gcm';
  origins?: string[];
  trustProxy?: string[];
  tls?: { cert: string; key: string };
  drainSeconds?: number;
  retentionHours?: number;
  limits?: ServerLimits;
}

export const CONFIG_FILE = 'kontract.config.json';

export function loadConfig(root: string): Config {
  const file = join(root, CONFIG_FILE);
  if (!existsSync(file)) return {};
  return parseConfig(readFileSync(file, 'utf8'));
}

export function parseConfig(text: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new UserError(`${CONFIG_FILE} is not JSON: ${(cause as Error).message}`, undefined, { cause });
  }
  const found = problems(value, schema());
  if (found.length > 0) throw new UserError(`${CONFIG_FILE}: ${found.join('\n  ')}`);
  const { $schema: _, ...config } = value as Config & { $schema?: string };
  return config;
}

function schema(): Schema {
  return JSON.parse(readFileSync(new URL('./config.schema.json', import.meta.url), 'utf8')) as Schema;
}

/** The part of the compiler's options that decides what functions are called, and under which cipher. */
export function routesOf({ routes, suite }: Config): Pick<Config, 'routes' | 'suite'> {
  return { ...(routes === undefined ? {} : { routes }), ...(suite === undefined ? {} : { suite }) };
}

/** The part of the server's options that decides who may come in, and how much of it. */
export function frontDoor(config: Config): Pick<Config, 'maxFrame' | 'origins' | 'trustProxy' | 'limits'> {
  const { maxFrame, origins, trustProxy, limits } = config;
  return Object.fromEntries(
    Object.entries({ maxFrame, origins, trustProxy, limits }).filter(([, value]) => value !== undefined),
  );
}
