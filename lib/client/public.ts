/** What the client's entry points share: the types, and what client and server code have in common. */
export type { CallOptions, Reply, RouteReference } from './call.js';
export type { Client } from './client.js';
export type { ConnectionState } from './connection.js';
export type { ClientOptions, Fetch, Token } from './options.js';
export type { Callable, Kontract, Rpc, RpcConfig } from './rpc.js';
export type { SubscribeOptions, TableEvent } from './subscription.js';
export type { WebSocketConstructor, WebSocketLike } from './websocket-link.js';
export * from '../shared/index.js';
