/** What the gateway fetches, such as an issuer's keys: one document, in bounds, nowhere else. */

/** As the addon hands it out. */
export interface NativeFetch {
  readonly url: string;
  /** The most bytes its body may have. */
  readonly limit: number;
  finish(status: number, body: Uint8Array, cacheControl?: string): void;
  fail(message: string): void;
}

/** Longer than the gateway waits: no request outlives it for long. */
const TIMEOUT_MS = 10_000;

/** GETs what `fetch` asks for and answers through it. `warn` hears of what a person should see to. */
export async function answerFetch(fetch: NativeFetch, warn: (message: string) => void): Promise<void> {
  try {
    const response = await globalThis.fetch(fetch.url, {
      // A redirect could lead from https to http, or into a private network.
      redirect: 'error',
      credentials: 'omit',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await bounded(response, fetch.limit);
    if (!response.ok) warn(`${fetch.url} answered HTTP ${response.status}`);
    fetch.finish(response.status, body, response.headers.get('cache-control') ?? undefined);
  } catch (error) {
    const reason = reasonOf(error);
    warn(`${fetch.url} could not be fetched: ${reason}`);
    fetch.fail(reason);
  }
}

async function bounded(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    // Leaving the loop cancels the rest.
    if (length > limit) throw new Error(`more than ${limit} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** undici says "fetch failed"; what failed is behind it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
