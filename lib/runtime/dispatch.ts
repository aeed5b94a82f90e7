/** From a decoded frame to the user's function and back: the one function a host calls. */
import { HttpError, HttpResp, NotFoundError } from '../shared/index.js';
import type { Dispatch, DispatchResult, NativeCall } from '../native/types.js';
import { createContext } from './context.js';
import { createEnv } from './env.js';
import { failure } from './failure.js';
import type { RouteCodec, ServerModule } from './module.js';

export interface DispatcherOptions {
  /** Tells callers what went wrong inside, stack included. Default false. */
  development?: boolean;
  /** Where errors that are not the caller's go. Default `console.error`. */
  log?: (message: string) => void;
}

/** The dispatcher of one build of a project. It never rejects; the gateway has checked access before. */
export function createDispatcher(module: ServerModule, options: DispatcherOptions = {}): Dispatch {
  const report = {
    development: options.development ?? false,
    log: options.log ?? ((message: string) => console.error(message)),
  };
  return async (call) => {
    try {
      return await run(module, call);
    } catch (error) {
      return failure(call.route, error, report);
    }
  };
}

async function run(module: ServerModule, call: NativeCall): Promise<DispatchResult> {
  const id = call.route;
  const route = module.routes.get(id);
  const codec = Object.hasOwn(module.codecs, id) ? module.codecs[id] : undefined;
  if (!route || !codec) throw new NotFoundError(`There is no route ${id}`);
  const args = decode(codec, call.args);
  const txid = route.meta.usesTxid ? await call.currentTxid() : undefined;
  const value = await route.handler(createContext(call, route.meta, txid), args, createEnv(call, module));
  if (value instanceof HttpResp) return reply(codec, value.data, value.status, value.headers);
  return reply(codec, value, 200, {});
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
