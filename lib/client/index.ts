/** `kontract/client`: the client's side, on raystream in WebAssembly. No native code, no Node builtins. */
import { clientOn, type Client } from './client.js';
import type { ClientOptions } from './options.js';
import { rpcOn, type Rpc, type RpcConfig } from './rpc.js';
import type { RouteReference } from './call.js';
import { WasmEngine } from './wasm-engine.js';

/** A client of its own. Does no I/O before the first call. */
export function createClient(options: ClientOptions): Client {
  return clientOn(WasmEngine.load, options);
}

/** What the compiled client of a project stands on. */
export function createRpc(config: RpcConfig, routes: Record<string, RouteReference>): Rpc {
  return rpcOn(createClient, config, routes);
}

export * from './public.js';
