/**
 * Loads the native addon: the platform package npm installed beside us, or the one a checkout built.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { answerFetch, type NativeFetch } from './fetch.js';
import { platformId } from './platform.js';
import type { Dispatch, DispatchResult, GatewayOptions, Native, NativeCall, Stock } from './types.js';

export type * from './types.js';

const require = createRequire(import.meta.url);

function load(): RawNative {
  const id = platformId();
  const checkout = fileURLToPath(new URL(`../../../npm/${id}/kontract.node`, import.meta.url));
  if (existsSync(checkout)) return require(checkout) as RawNative;
  try {
    return require(`@kontract/${id}`) as RawNative;
  } catch (cause) {
    throw new Error(
      `Kontract has no native addon for ${id} here. Install @kontract/${id} (npm does so by itself unless ` +
        `optional dependencies are left out), or build it in a checkout with: npm run setup`,
      { cause },
    );
  }
}

/** What the addon itself exports: a dispatcher answers through the call, which is cheaper than a promise. */
type RawCall = NativeCall & {
  finish(reply: Uint8Array, status: number, headers?: [string, string][]): void;
  fail(code: string, status: number, message: string, stack?: string): void;
};
type RawDispatch = (call: RawCall) => void;
interface RawGateway {
  readonly port: number;
  readonly stock: Stock;
  deploy(manifest: string, dispatch: RawDispatch): void;
  reloadPage(): void;
  close(): Promise<void>;
}
type RawNative = Omit<Native, 'NodeGateway'> & {
  NodeGateway: {
    start(options: GatewayOptions, dispatch: RawDispatch, fetch: (fetch: NativeFetch) => void): Promise<RawGateway>;
  };
};

/** Plain values, not one object: taking an object apart costs more than all the rest of a small call's way back. */
function finish(call: RawCall, result: DispatchResult): void {
  if (!result.ok) call.fail(result.code, result.status, result.message, result.stack);
  else if (result.headers.length === 0) call.finish(result.reply, result.status);
  else call.finish(result.reply, result.status, result.headers);
}

function wrap(raw: RawNative): Native {
  const answering =
    (dispatch: Dispatch): RawDispatch =>
    (call) =>
      void dispatch(call).then((result) => finish(call, result));
  const fetching = (fetch: NativeFetch): void =>
    void answerFetch(fetch, (message) => console.error(`! keys for tokens: ${message}`));
  return {
    compileProject: raw.compileProject,
    blank: raw.blank,
    keygen: raw.keygen,
    publicKey: raw.publicKey,
    migrate: raw.migrate,
    collect: raw.collect,
    doctor: raw.doctor,
    NodeGateway: {
      async start(options, dispatch) {
        const gateway = await raw.NodeGateway.start(options, answering(dispatch), fetching);
        return {
          port: gateway.port,
          get stock() {
            return gateway.stock;
          },
          deploy: (manifest, next) => gateway.deploy(manifest, answering(next)),
          reloadPage: () => gateway.reloadPage(),
          close: () => gateway.close(),
        };
      },
    },
  };
}

export const native: Native = wrap(load());
export const { compileProject, keygen, publicKey, migrate, NodeGateway } = native;
