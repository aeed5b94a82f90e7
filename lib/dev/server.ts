/** `kontract dev`: compile, migrate, serve, and again on every change. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jwtSecret, tokenOptions } from '../cli/auth.js';
import { frontDoor, loadConfig, type Config } from '../cli/config.js';
import { UserError } from '../cli/errors.js';
import { silent, type Reporter } from '../cli/output.js';
import { plainCodecs, plainRoutes } from '../cli/plain.js';
import { BUILD_DIR, workFolder } from '../cli/project.js';
import type { CompileResult, Dispatch, Native, NodeGateway } from '../native/types.js';
import { createDispatcher } from '../runtime/index.js';
import { compileDev, forgetServers, loadServer } from './build.js';
import { choosePort, isLoopback } from './address.js';
import { openDatabase, type Database } from './database.js';
import { announce, isServing, runningInstance, withdraw } from './instance.js';
import { devSecret, ensureDevKeys, gatewayPassword } from './keys.js';
import { buildPage, hasPage, pageErrors } from './page.js';
import { watchProject } from './watch.js';

export interface DevOptions {
  root: string;
  /** 0 takes any free one. Default: `PORT`, the config's, 4400. */
  port?: number;
  host?: string;
  databaseUrl?: string;
  /** Folder of the embedded PostgreSQL. Default: `.kontract/postgres` of the project. */
  dataDir?: string;
  /** Says where it runs, and refuses to run twice for a project. Default true. */
  announce?: boolean;
  /** Rebuild on changes. Default true. */
  watch?: boolean;
  /** Stops the server, however far it has come. */
  signal?: AbortSignal;
  report?: Reporter;
}

export interface DevServer {
  url: string;
  port: number;
  /** The database's administrative login. */
  databaseUrl: string;
  /** The public key clients pin. */
  pin: string;
  stop(): Promise<void>;
}

export async function startDev(options: DevOptions): Promise<DevServer> {
  const other = options.announce === false ? undefined : runningInstance(options.root);
  if (other && other.pid !== process.pid && (await isServing(other))) {
    throw new UserError(
      `kontract dev is already running for this project: ${other.url} (process ${other.pid})`,
      'Use that one, or stop it first.',
    );
  }
  const { native } = await import('../native/index.js');
  const session = new DevSession(options, native);
  options.signal?.addEventListener('abort', () => void session.stop(), { once: true });
  try {
    return await session.start();
  } catch (error) {
    await session.stop();
    throw error;
  }
}

class DevSession {
  private readonly options: DevOptions;
  private readonly native: Native;
  private readonly root: string;
  private readonly report: Reporter;
  private readonly aborter = new AbortController();
  private readonly keys: { privateKey: string; publicKey: string };
  private config: Config;
  private database: Database | undefined;
  private gateway: NodeGateway | undefined;
  private unwatch: (() => Promise<void>) | undefined;
  private onChange: (() => void) | undefined;
  private manifest = '';
  private building: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(options: DevOptions, native: Native) {
    this.options = options;
    this.native = native;
    this.root = options.root;
    this.report = options.report ?? silent;
    this.config = loadConfig(this.root);
    const keys = ensureDevKeys(this.root, () => native.keygen());
    this.keys = keys;
    if (keys.created) this.report.note('made a development key in .kontract/dev-key.json');
  }

  async start(): Promise<DevServer> {
    const { root, report, options } = this;
    process.setSourceMapsEnabled(true);
    const [database] = await Promise.all([
      openDatabase({
        root,
        report,
        signal: this.aborter.signal,
        ...(options.databaseUrl ? { url: options.databaseUrl } : {}),
        ...(options.dataDir ? { dataDir: options.dataDir } : {}),
      }).then((opened) => (this.database = opened)),
      options.watch === false ? undefined : this.watch(),
    ]);
    const { signal } = this.aborter;
    signal.throwIfAborted();
    const compiled = await this.firstBuild();
    const { gatewayUrl } = await this.migrate(compiled.manifest);
    const { dispatch } = await this.load();
    await this.page();
    signal.throwIfAborted();
    this.gateway = await this.listen(gatewayUrl, compiled.manifest, dispatch);
    const { port } = this.gateway;
    const url = `http://${this.host === '0.0.0.0' || this.host === '::' ? 'localhost' : this.host}:${port}`;
    if (options.announce !== false) announce(root, url);
    return { url, port, databaseUrl: database.adminUrl, pin: this.keys.publicKey, stop: () => this.stop() };
  }

  stop(): Promise<void> {
    return (this.stopped ??= this.shutDown());
  }

  private get host(): string {
    return this.options.host ?? this.config.host ?? '127.0.0.1';
  }

  /** The first good build. While there are errors it waits for the next change. */
  private async firstBuild(): Promise<CompileResult> {
    for (;;) {
      this.aborter.signal.throwIfAborted();
      const changed = new Promise<void>((next) => (this.onChange = next));
      const result = this.compile();
      if (result.ok) return result;
      if (this.options.watch === false) throw new UserError('The project does not compile');
      this.report.note('waiting for a change');
      await changed;
    }
  }

  private compile(): CompileResult {
    const started = performance.now();
    const result = compileDev(this.native, this.root, this.config, this.keys.publicKey, { watch: true });
    this.report.diagnostics(result.diagnostics);
    const count = `${result.routes.length} ${result.routes.length === 1 ? 'route' : 'routes'}, ${result.tables.length} ${result.tables.length === 1 ? 'table' : 'tables'}`;
    if (result.ok) this.report.step(`compiled (${count})`, performance.now() - started);
    return result;
  }

  private async migrate(manifest: string): Promise<{ gatewayUrl: string }> {
    const started = performance.now();
    const { applied, gatewayUrl, degraded } = await this.native.migrate({
      adminUrl: this.database!.adminUrl,
      manifest,
      gatewayPassword: gatewayPassword(this.keys.privateKey),
    });
    this.manifest = manifest;
    if (applied.length > 0) this.report.step(`migrated: ${applied.join(', ')}`, performance.now() - started);
    if (degraded) this.report.warn('This login cannot create roles: the gateway uses it for everything');
    return { gatewayUrl };
  }

  private async load(): Promise<{ dispatch: Dispatch }> {
    const { module, folder } = await loadServer(this.root);
    forgetServers(this.root, folder);
    const log = (text: string): void => this.report.error(text);
    const plain = await plainCodecs(folder, this.config);
    return { dispatch: createDispatcher(module, { development: true, log, ...plain }) };
  }

  private get pageFolder(): string {
    return join(workFolder(this.root), 'page');
  }

  /** A page that does not build is reported; the one before stays. */
  private async page(): Promise<boolean> {
    if (!hasPage(this.root)) return false;
    const started = performance.now();
    try {
      const { root } = this;
      await buildPage({ root, build: join(root, BUILD_DIR), outDir: this.pageFolder, mode: 'development' });
      this.report.step('bundled the page', performance.now() - started);
      return true;
    } catch (error) {
      this.report.error((await pageErrors(error)) ?? error);
      return false;
    }
  }

  private async listen(databaseUrl: string, manifest: string, dispatch: Dispatch): Promise<NodeGateway> {
    if (!isLoopback(this.host)) {
      this.report.warn(`Listening on ${this.host}: everyone who can reach it may call as the development user`);
    }
    const port = await choosePort(this.options.port, this.config, this.host);
    return await this.native.NodeGateway.start(
      {
        host: this.host,
        port,
        databaseUrl,
        privateKey: this.keys.privateKey,
        manifest,
        development: true,
        devIdentity: this.config.devIdentity ?? 'dev',
        ...(hasPage(this.root) ? { publicDir: this.pageFolder } : {}),
        jwtSecret: jwtSecret() ?? devSecret(this.keys.privateKey),
        ...tokenOptions(this.root, this.config, manifest),
        ...plainRoutes(this.config, manifest),
        ...frontDoor(this.config),
      },
      dispatch,
    );
  }

  private async watch(): Promise<void> {
    this.unwatch = await watchProject(this.root, (files) => {
      const seen = performance.now();
      this.onChange?.();
      if (!this.gateway) return;
      this.building = this.building
        .then(() => this.rebuild(files, seen))
        .catch((error: unknown) => this.report.error(error));
    });
  }

  /** One change made live. Whatever fails, the build before goes on serving. */
  private async rebuild(files: string[], seen: number): Promise<void> {
    // A project that is being removed has nothing to rebuild.
    if (this.aborter.signal.aborted || !this.gateway || !existsSync(join(this.root, 'src'))) return;
    this.report.note(
      `${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more` : ''} changed`,
    );
    this.config = loadConfig(this.root);
    const result = this.compile();
    if (!result.ok) return;
    if (tablesOf(result.manifest) !== tablesOf(this.manifest)) await this.migrate(result.manifest);
    this.manifest = result.manifest;
    const { dispatch } = await this.load();
    this.gateway.deploy(result.manifest, dispatch);
    if (await this.page()) this.gateway.reloadPage();
    this.report.step('live', performance.now() - seen);
  }

  private async shutDown(): Promise<void> {
    this.aborter.abort();
    this.onChange?.();
    await this.unwatch?.();
    await this.building.catch(() => {});
    await this.gateway?.close();
    await this.database?.stop();
    withdraw(this.root);
  }
}

function tablesOf(manifest: string): string {
  return JSON.stringify((JSON.parse(manifest) as { tables: unknown }).tables);
}
