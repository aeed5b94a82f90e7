/** One frame out, one frame back, over HTTP. */
import type { Endpoint } from './options.js';

/** No frame came back: the network, a proxy, or something that is no gateway. */
export class TransportError extends Error {
  /** Whether trying again may help. */
  readonly retry: boolean;

  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.retry = retry;
  }
}

/** The most a reply may be: the protocol's largest frame. */
const MAX_REPLY = 16 * 1024 * 1024;

export async function post(
  { url, fetch }: Endpoint,
  path: string,
  frame: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: frame,
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new TransportError(`no gateway answers at ${url}: start one with 'npx kontract dev'`, true, { cause });
  }
  if (!response.headers.get('content-type')?.startsWith('application/octet-stream')) {
    await response.body?.cancel();
    const retry = response.status === 429 || response.status >= 500;
    throw new TransportError(`what answers at ${url} is no Kontract gateway (HTTP ${response.status})`, retry);
  }
  try {
    return await bounded(response);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof TransportError) throw cause;
    throw new TransportError(`the connection to ${url} broke off`, true, { cause });
  }
}

/** The body, if it is not larger than a frame can be. */
async function bounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_REPLY) {
      await reader.cancel();
      throw new TransportError('the reply is larger than a frame can be', false);
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0]!;
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
