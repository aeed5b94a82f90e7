/** `kontract start` */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { choosePort } from '../../dev/address.js';
import { address } from '../../dev/database.js';
import { gatewayPassword } from '../../dev/keys.js';
import { startPostgres } from '../../dev/postgres.js';
import type { GatewayOptions, Native, NodeGateway } from '../../native/types.js';
import { createDispatcher, type ServerModule } from '../../runtime/index.js';
import { hasKeys, jwtSecret, tokenOptions } from '../auth.js';
import { frontDoor, loadConfig, type Config } from '../config.js';
import { UserError } from '../errors.js';
import { terminal } from '../output.js';
import { plainCodecs, plainRoutes } from '../plain.js';
import { privateFolder, requireProject } from '../project.js';
import { untilStopped } from '../signals.js';

export interface StartFlags {
  port?: number;
  host?: string;
  embedded?: boolean;
  devIdentity?: string;
  /** Where the build is, in the project. */
  out: string;
}

export async function start(flags: StartFlags): Promise<void> {
  const root = requireProject(process.cwd());
  if (!existsSync(join(root, flags.out, 'manifest.json'))) {
    throw new UserError(`There is nothing to start: ${flags.out}/ is missing`, 'Run kontract build first.');
  }
  const opened: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).toReversed()) await close();
  };
  const run = async (): Promise<void> => {
    const gateway = await serve(root, flags, opened);
    const { host = '127.0.0.1', tls } = loadConfig(root);
    terminal.step(`serving on http${tls ? 's' : ''}://${flags.host ?? host}:${gateway.port}`);
  };
  try {
    await untilStopped(run, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serve(root: string, flags: StartFlags, opened: (() => Promise<void>)[]): Promise<NodeGateway> {
  process.env['NODE_ENV'] ??= 'production';
  process.setSourceMapsEnabled(true);
  const { native } = await import('../../native/index.js');
  const config = loadConfig(root);
  const privateKey = secretKey(native);
  const identity = identityOf(flags, config);
  const manifest = readFileSync(join(root, flags.out, 'manifest.json'), 'utf8');
  const databaseUrl = await database(root, flags, native, manifest, privateKey, opened);
  const module = (await import(pathToFileURL(join(root, flags.out, 'server', 'index.js')).href)) as ServerModule;
  const publicDir = join(root, flags.out, 'public');
  const host = flags.host ?? config.host ?? '127.0.0.1';
  const options: GatewayOptions = {
    host,
    port: await choosePort(flags.port, config, host),
    databaseUrl,
    privateKey,
    manifest,
    development: false,
    ...identity,
    ...tokenOptions(root, config, manifest),
    ...plainRoutes(config, manifest),
    ...nextKey(native),
    ...(existsSync(publicDir) ? { publicDir } : {}),
    ...frontDoor(config),
    ...(config.tls ? { tls: { cert: resolve(root, config.tls.cert), key: resolve(root, config.tls.key) } } : {}),
    drainMs: (config.drainSeconds ?? 30) * 1000,
    ...(config.retentionHours === undefined ? {} : { retentionHours: config.retentionHours }),
  };
  const gateway = await native.NodeGateway.start(
    options,
    createDispatcher(module, await plainCodecs(join(root, flags.out), config)),
  );
  opened.push(() => gateway.close());
  return gateway;
}

/** During a change of keys: clients may have pinned either (docs/keys.md). */
function nextKey(native: Native): { nextKey?: string } {
  const key = process.env['KONTRACT_NEXT_KEY'];
  return key ? { nextKey: checkedKey(native, 'KONTRACT_NEXT_KEY', key) } : {};
}

function secretKey(native: Native): string {
  const key = process.env['KONTRACT_KEY'];
  if (!key)
    throw new UserError('KONTRACT_KEY is not set', 'It is the private key of the gateway; kontract keygen makes one.');
  return checkedKey(native, 'KONTRACT_KEY', key);
}

function checkedKey(native: Native, variable: string, key: string): string {
  try {
    native.publicKey(key);
  } catch (cause) {
    throw new UserError(`${variable} is not a key`, 'kontract keygen prints one.', { cause });
  }
  return key;
}

function identityOf(flags: StartFlags, config: Config): Pick<GatewayOptions, 'devIdentity' | 'jwtSecret'> {
  const secret = jwtSecret();
  if (flags.devIdentity) {
    terminal.warn(`Everyone without a token is "${flags.devIdentity}": never do this where others can reach it`);
    return { devIdentity: flags.devIdentity, ...(secret ? { jwtSecret: secret } : {}) };
  }
  if (secret) return { jwtSecret: secret };
  if (hasKeys(config)) return {};
  throw new UserError(
    'There is nothing to check tokens with: KONTRACT_JWT_SECRET is not set, and the config has no auth.jwks or auth.keys',
    'The secret is what tokens are signed with (HS256). To try things out: --dev-identity NAME',
  );
}

/** Migrates with the administrative login where there is one; resolves to the gateway's own. */
async function database(
  root: string,
  flags: StartFlags,
  native: Native,
  manifest: string,
  privateKey: string,
  opened: (() => Promise<void>)[],
): Promise<string> {
  const own = process.env['KONTRACT_DATABASE_URL'];
  let adminUrl = process.env['DATABASE_URL'];
  if (!adminUrl && flags.embedded) {
    const postgres = await startPostgres({ dataDir: join(privateFolder(root), 'postgres') });
    for (const note of postgres.notes) terminal.note(note);
    opened.push(() => postgres.stop());
    adminUrl = postgres.url;
  }
  if (!adminUrl && own) return own;
  if (!adminUrl)
    throw new UserError('DATABASE_URL is not set', 'It names the PostgreSQL to use. To try things out: --embedded');
  const { host, port } = address(adminUrl);
  try {
    const { applied, gatewayUrl, degraded } = await native.migrate({
      adminUrl,
      manifest,
      gatewayPassword: gatewayPassword(privateKey),
    });
    if (applied.length > 0) terminal.step(`migrated: ${applied.join(', ')}`);
    if (degraded) terminal.warn('This login cannot create roles: the gateway uses it for everything');
    return own ?? gatewayUrl;
  } catch (cause) {
    throw new UserError(`The database at ${host}:${port} cannot be used: ${(cause as Error).message}`, undefined, {
      cause,
    });
  }
}
