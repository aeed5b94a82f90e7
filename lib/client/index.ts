/** `kontract/client`: the client's side. No native code, no Node builtins. */
export { createClient, type CallOptions, type Client, type Reply, type RouteReference } from './client.js';
export type { ClientOptions, Fetch, Token } from './options.js';
export { createRpc, type Callable, type Kontract, type Rpc, type RpcConfig } from './rpc.js';
export * from '../shared/index.js';
