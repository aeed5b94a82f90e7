/** The addon's surface, as `docs/design/interfaces.md` section 6 describes it. */

export interface CompileOptions {
  mode: 'development' | 'production';
  /** Project-relative output folder. */
  outDir: string;
  /** Where the generated client calls; undefined: decided at run time. */
  url?: string;
  /** Gateway public keys, base64url: current and at most one next. */
  pins?: string[];
  /** What functions are called on the wire. Default `by-name`. */
  routes?: 'by-name' | 'by-module';
  /** What clients encrypt with. Default `chacha20-poly1305`. */
  suite?: 'chacha20-poly1305' | 'aes-256-gcm';
  /** Skip the work when nothing it depends on has changed. Default true. */
  cache?: boolean;
  /** Call every middleware instead of splicing it: what the tests of splicing compare with. Default false. */
  closures?: boolean;
  /** This process will compile the project again: keep in memory what makes that fast. */
  watch?: boolean;
  /** Whether the server is optimised. Default: in production. */
  optimise?: boolean;
  /** Write nothing if the lock file would change: `lock` of the result says how. Default false. */
  frozenLock?: boolean;
}

export interface Diagnostic {
  code: string;
  severity: 'error' | 'warning' | 'info';
  file: string;
  line: number;
  column: number;
  message: string;
  help: string | null;
  /** The rendered code frame, without colour. */
  frame: string;
}

export interface RouteInfo {
  id: string;
  file: string;
  line: number;
  perm: number;
  ugroup: string | null;
  egroup: string | null;
  middleware: string[];
}

export interface CompileResult {
  ok: boolean;
  /** False when the cache answered. */
  changed: boolean;
  routes: RouteInfo[];
  tables: string[];
  /** Project-relative paths of what was emitted. */
  files: string[];
  diagnostics: Diagnostic[];
  timings: {
    totalMs: number;
    readMs: number;
    checkMs: number;
    compileMs: number;
    writeMs: number;
  };
  manifest: string;
  /** Text of `kontract.lock.json` after this compile. */
  lock: string;
  /** Text of the generated types, errors or not; empty when the cache answered or a file cannot be read. */
  declarations: string;
  /** Functions whose return type only TypeScript knows; empty when the cache answered. */
  untyped: UntypedRoute[];
}

/** A backend function whose return type neither is written nor follows from its syntax. */
export interface UntypedRoute {
  id: string;
  file: string;
  /** Where its name begins, in UTF-16 units. */
  offset: number;
  /** Digest of the code its type follows from. */
  from: string;
  /** Whether the lock file has its type as of this code. */
  fresh: boolean;
}

export interface Keys {
  privateKey: string;
  publicKey: string;
  keyId: string;
}

export interface MigrateReport {
  applied: string[];
  gatewayUrl: string;
  /** True when roles could not be made: the gateway then uses the admin login. */
  degraded: boolean;
}

/** What `collect` deleted. */
export interface CollectReport {
  domains: number;
  commits: number;
  versions: number;
}

/** What `kontract doctor` found out about a database. */
export interface DoctorReport {
  /** The server's: `16.14`. */
  version: string;
  /** Whether Kontract is tested on it. */
  supported: boolean;
  /** Who looked around. */
  login: string;
  /** One login owns and uses everything. */
  degraded: boolean;
  /** Kontract's roles, and what each holds: `trxs: SELECT`, `trxs.ts: UPDATE`. */
  roles: { name: string; held: string[] }[];
  /** Worst first. */
  findings: DoctorFinding[];
}

export interface DoctorFinding {
  /** `unprotected`: works, with less protection than there could be. */
  level: 'problem' | 'unprotected' | 'note';
  /** Stable, for programs. */
  code: string;
  message: string;
  help: string;
}

export interface CallContext {
  sid: string;
  owner: string;
  sub: string;
  groups: string[];
  perm: number;
  method: string;
  path: string;
}

/** What a handler puts into a token it issues. */
export interface TokenRequest {
  sub: string;
  owner?: string;
  groups: string[];
  perm?: number;
  ttlSeconds?: number;
}

/** One attempt of one call; its methods are the call's transaction. */
export interface NativeCall {
  readonly route: string;
  readonly args: Uint8Array;
  readonly attempt: number;
  readonly ctx: CallContext;
  /** Those of the carrying request and the call's metadata. */
  readonly headers: [string, string][];
  /** Whether the arguments are a JSON document, and the reply has to be one. */
  readonly isJson?: boolean;
  /** A token signed with the gateway's secret. */
  issueToken(token: TokenRequest): string;
  currentTxid(): Promise<bigint>;
  get(table: string, id: string): Promise<string | null>;
  set(table: string, id: string, json: string): Promise<void>;
  update(table: string, id: string, json: string): Promise<void>;
  delete(table: string, id: string): Promise<boolean>;
  push(table: string, json: string): Promise<string>;
  pop(table: string): Promise<string | null>;
  shift(table: string): Promise<string | null>;
  query(
    table: string,
    filter: string | null,
    cursor: string | null,
  ): Promise<{ rows: string[]; cursor: string | null }>;
}

export type DispatchResult =
  | { ok: true; reply: Uint8Array; status: number; headers: [string, string][] }
  | { ok: false; code: string; status: number; message: string; stack?: string };

export type Dispatch = (call: NativeCall) => Promise<DispatchResult>;

/** Which tokens a server believes, besides those signed with its secret. */
export interface TokenOptions {
  /** Public keys as JSON Web Keys. */
  keys?: string[];
  /** Where an issuer publishes its keys. */
  jwks?: string;
  issuers?: string[];
  audiences?: string[];
  leewaySeconds?: number;
  /** Routes that need no token. */
  public?: string[];
}

export interface GatewayOptions {
  host: string;
  port: number;
  databaseUrl: string;
  privateKey: string;
  /** The private key that is to follow `privateKey`. */
  nextKey?: string;
  manifest: string;
  publicDir?: string;
  development: boolean;
  devIdentity?: string;
  jwtSecret?: string;
  tokens?: TokenOptions;
  /** Routes that may be called as JSON over HTTPS; `*`: all. */
  plainRoutes?: string[];
  maxFrame?: number;
  /** Pages that may call besides our own; `*` is everyone's. */
  origins?: string[];
  /** PEM files. */
  tls?: { cert: string; key: string };
  /** Addresses and networks of proxies whose `x-forwarded-for` is believed. */
  trustProxy?: string[];
  limits?: ServerLimits;
  /** How long calls under way get when the server is closed. Default 5 s. */
  drainMs?: number;
  /** How long what nobody can see any more is kept. Default 24. */
  retentionHours?: number;
}

/** `limits` of kontract.config.json, whose schema has the defaults. */
export interface ServerLimits {
  connections?: number;
  sessions?: number;
  bodyBytes?: number;
  handshakesPerMinute?: number;
  failuresPerMinute?: number;
  readSeconds?: number;
}

/** What a server holds for its clients, as `src/host/stock.rs` counts it. */
export interface Stock {
  sessions: number;
  sockets: number;
  resumable: number;
  listened: number;
  addresses: number;
  bodyBytes: number;
  tasks: number;
}

export interface NodeGateway {
  readonly port: number;
  readonly stock: Stock;
  deploy(manifest: string, dispatch: Dispatch): void;
  reloadPage(): void;
  close(): Promise<void>;
}

export interface Native {
  compileProject(root: string, options: CompileOptions): CompileResult;
  /** A file's text with Kontract's decorators as white space of the same length; `path` says whether it is TSX. */
  blank(path: string, text: string): string;
  keygen(): Keys;
  publicKey(privateKey: string): Omit<Keys, 'privateKey'>;
  migrate(options: { adminUrl: string; manifest: string; gatewayPassword: string }): Promise<MigrateReport>;
  collect(options: { databaseUrl: string; manifest: string; retentionHours: number }): Promise<CollectReport>;
  /** Looks at a database and changes nothing. */
  doctor(options: {
    /** The login to look around with, best the one that migrates. */
    url: string;
    /** What the server connects with. Default: `url` with the gateway's login, if the password is given. */
    gatewayUrl?: string;
    gatewayPassword?: string;
    /** Without it the build is not compared. */
    manifest?: string;
  }): Promise<DoctorReport>;
  NodeGateway: { start(options: GatewayOptions, dispatch: Dispatch): Promise<NodeGateway> };
}
