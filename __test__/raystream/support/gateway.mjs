// A Node host in this process whose functions are the test's: no project, and no database unless one is given.
import { cleanup } from '../../support/cleanup.mjs';
import { native } from '../../../lib/dist/native/index.js';

/** Nothing listens there: whoever asks the database finds out. */
const NO_DATABASE = 'postgres://nobody:nothing@127.0.0.1:1/nothing';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** What most tests call. */
export const functions = {
  echo: (text) => text,
  slow: async (ms) => {
    await sleep(Number(ms));
    return `after ${ms}`;
  },
};

/**
 * A handler whose calls wait until the test lets them go: what happens meanwhile does not depend on how
 * fast the machine is. `entered(n)` resolves when n calls have reached it.
 */
export function gate() {
  const waiting = new Set();
  let isOpen = false;
  let calls = 0;
  let looks = [];
  const handler = async (text) => {
    calls++;
    looks = looks.filter((look) => !look());
    if (!isOpen) await new Promise((go) => waiting.add(go));
    return `after ${text}`;
  };
  const entered = (count) =>
    new Promise((done) => {
      const look = () => calls >= count && (done(), true);
      if (!look()) looks.push(look);
    });
  /** Those that wait, and from now on everyone. */
  const open = () => {
    isOpen = true;
    for (const go of waiting) go();
    waiting.clear();
  };
  /** From now on they wait again. */
  const shut = () => {
    isOpen = false;
    calls = 0;
  };
  return { handler, entered, open, shut };
}

/** Waits until something is so: what a slow machine takes long for is no failure. */
export async function until(isSo, what, limitMs = 30_000) {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {Record<string, (text: string, call: object) => unknown>} handlers by route; text in, text out
 * @param {object} [options] those of `NodeGateway.start`
 * @param {object[]} [tables] those of the manifest
 */
export async function startGateway(t, handlers, options = {}, tables = []) {
  const keys = native.keygen();
  const routes = Object.keys(handlers).map((id) => ({
    id,
    file: 'src/test.ts',
    line: 1,
    perm: 7,
    ugroup: null,
    egroup: null,
    middleware: [],
    hash: '00000000000000aa',
  }));
  const dispatch = async (call) => {
    try {
      const reply = (await handlers[call.route](Buffer.from(call.args).toString(), call)) ?? '';
      return { ok: true, reply: Buffer.from(String(reply)), status: 200, headers: [] };
    } catch (error) {
      return { ok: false, code: 'INTERNAL_ERROR', status: 500, message: error.message };
    }
  };
  const gateway = await native.NodeGateway.start(
    {
      host: '127.0.0.1',
      port: 0,
      databaseUrl: NO_DATABASE,
      privateKey: keys.privateKey,
      manifest: JSON.stringify({ version: 1, routes, tables }),
      development: false,
      devIdentity: 'alice',
      ...options,
    },
    dispatch,
  );
  cleanup(t, () => gateway.close());
  const host = `127.0.0.1:${gateway.port}`;
  const privateKey = options.privateKey ?? keys.privateKey;
  const pin = native.publicKey(privateKey).publicKey;
  return { gateway, privateKey, pin, host, url: `http://${host}` };
}
