/** What a client is told, and what it assumes. */
import { fromBase64 } from './base64.js';
import type { TransportKind } from './engine.js';
import type { WebSocketConstructor } from './websocket-link.js';

/** A bearer token, or what gives the current one; asked once per session. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** Where the gateway is. Default: the page's origin; elsewhere `KONTRACT_URL`, else `http://127.0.0.1:4400`. */
  url?: string | undefined;
  /** The gateway's public keys, base64url: the current one and at most one next. */
  pins?: string[] | undefined;
  token?: Token | undefined;
  /** Default `auto`: in pages HTTP at once and a WebSocket as soon as there is one, elsewhere HTTP. */
  transport?: 'auto' | TransportKind | undefined;
  fetch?: Fetch | undefined;
  /** Default: the runtime's, where it has one. */
  WebSocket?: WebSocketConstructor | undefined;
  /** How often a WebSocket is asked whether it is alive, in milliseconds. Default 60 000. */
  heartbeatMs?: number | undefined;
}

export interface Endpoint {
  url: string;
  /** Whether the gateway is on this machine, where no network is needed. */
  isLocal: boolean;
  pins: Uint8Array[];
  token: () => Promise<string | undefined>;
  transport: 'auto' | TransportKind;
  fetch: Fetch;
  WebSocket: WebSocketConstructor | undefined;
  heartbeatMs: number;
  /** Whether this gateway takes several frames in one body: found out by trying. */
  batches: { allowed: boolean; worked: boolean };
}

const MAX_PINS = 2;
const HEARTBEAT_MS = 60_000;
const TRANSPORTS = ['auto', 'websocket', 'http'];

export function resolveEndpoint(options: ClientOptions): Endpoint {
  const url = (options.url ?? defaultUrl()).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url))
    throw new TypeError(`The gateway's url has to start with http:// or https://, not ${url}`);
  const pins = (options.pins ?? []).map(parsePin);
  if (pins.length === 0) {
    throw new TypeError(
      "No pins: the client does not know which gateway to trust. Call kontract.configure({ pins: ['…'] }) with the public key of `kontract keygen`",
    );
  }
  if (pins.length > MAX_PINS) throw new TypeError('At most two pins: the current key and the next');
  const { token, transport = 'auto', heartbeatMs = HEARTBEAT_MS } = options;
  if (!TRANSPORTS.includes(transport))
    throw new TypeError(`transport is 'auto', 'websocket' or 'http', not '${transport as string}'`);
  if (!(heartbeatMs > 0)) throw new TypeError(`heartbeatMs is a number of milliseconds, not ${heartbeatMs}`);
  return {
    url,
    isLocal: /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(url),
    pins,
    token: async () => (typeof token === 'function' ? await token() : token) || undefined,
    transport,
    // Not `fetch` itself: browsers want it called on the global object, and tests replace it there.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    WebSocket: options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket,
    heartbeatMs,
    batches: { allowed: true, worked: false },
  };
}

function parsePin(pin: string): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = fromBase64(pin);
  } catch {
    // Reported below with every other shape that is wrong.
  }
  if (bytes?.length !== 32) throw new TypeError(`A pin is a public key of 32 bytes as base64url, not '${pin}'`);
  return bytes;
}

function defaultUrl(): string {
  const { location, process } = globalThis as {
    location?: { origin?: string };
    process?: { env?: Record<string, string | undefined> };
  };
  if (location?.origin?.startsWith('http')) return location.origin;
  return process?.env?.['KONTRACT_URL'] || 'http://127.0.0.1:4400';
}
