/**
 * `kontract/client/webcrypto`: the same client on WebCrypto alone. A bundle has one or the other; the
 * config's `"suite": "aes-256-gcm"` says which one a project's own is.
 */
import type { RouteReference } from '../call.js';
import { clientOn, type Client } from '../client.js';
import type { ClientOptions } from '../options.js';
import { rpcOn, type Rpc, type RpcConfig } from '../rpc.js';
import { WebCryptoEngine } from './engine.js';

/** A client of its own. Does no I/O before the first call. */
export function createClient(options: ClientOptions): Client {
  return clientOn(WebCryptoEngine.load, options);
}

/** What the compiled client of a project stands on. */
export function createRpc(config: RpcConfig, routes: Record<string, RouteReference>): Rpc {
  return rpcOn(createClient, config, routes);
}

export * from '../public.js';
