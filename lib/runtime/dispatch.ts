/** From a decoded frame to the user's function and back: the one function a host calls. */
import { HttpError, HttpResp, NotFoundError } from '../shared/index.js';
import type { Dispatch, DispatchResult, NativeCall } from '../native/types.js';
import { createContext } from './context.js';
import { createEnv } from './env.js';
import { failure } from './failure.js';
import type { RouteCodec, ServerModule } from './module.js';
import { argsOf, plainReply, type PlainCodec } from './plain.js';

export interface DispatcherOptions {
  /** Tells callers what went wrong inside, stack included. Default false. */
  development?: boolean;
  /** Where errors that are not the caller's go. Default `console.error`. */
  log?: (message: string) => void;
  /** What calls as JSON are read and answered with, by route. */
  plain?: Readonly<Record<string, PlainCodec>>;
}

/** The dispatcher of one build of a project. It never rejects; the gateway has checked access before. */
export function createDispatcher(module: ServerModule, options: DispatcherOptions = {}): Dispatch {
  const report = {
    development: options.development ?? false,
    log: options.log ?? ((message: string) => console.error(message)),
  };
  return async (call) => {
    try {
      return await run(module, call, options.plain);
    } catch (error) {
      return failure(call.route, error, report);
    }
  };
}

async function run(
  module: ServerModule,
  call: NativeCall,
  codecs: DispatcherOptions['plain'],
): Promise<DispatchResult> {
  const id = call.route;
  const route = module.routes.get(id);
  const codec = Object.hasOwn(module.codecs, id) ? module.codecs[id] : undefined;
  if (!route || !codec) throw new NotFoundError(`There is no route ${id}`);
  const plain = call.isJson ? codecs?.[id] : undefined;
  if (call.isJson && !plain) throw new NotFoundError(`${id} cannot be called as JSON`);
  const args = plain ? argsOf(codec, plain, call.args) : decode(codec, call.args);
  const txid = route.meta.usesTxid ? await call.currentTxid() : undefined;
  const value = await route.handler(createContext(call, route.meta, txid), args, createEnv(call, module));
  const { data, status, headers } = value instanceof HttpResp ? value : new HttpResp(value);
  return plain ? plainReply(codec, plain, data, status, headers) : reply(codec, data, status, headers);
}

function decode(codec: RouteCodec, bytes: Uint8Array): unknown[] {
  try {
    return codec.decodeArgs(bytes);
  } catch (error) {
    // Only the codec's own errors describe the caller's bytes; `path` marks them.
    const known = error instanceof Error && 'path' in error;
    throw new HttpError(known ? error.message : 'The arguments cannot be read', 400, 'INVALID_REQUEST');
  }
}

function reply(codec: RouteCodec, data: unknown, status: number, headers: Record<string, string>): DispatchResult {
  return { ok: true, reply: codec.encodeReply(data), status, headers: Object.entries(headers) };
}
