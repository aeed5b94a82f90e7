/** When to try again, and when not (specification 11.3.3, protocol §11). */
import {
  DecryptionError,
  HttpError,
  InvalidRequestError,
  ServiceUnavailableError,
  SessionExpiredError,
} from '../shared/index.js';
import { backoff } from './backoff.js';
import { EngineError } from './engine.js';
import { Refused } from './handshake.js';
import { TransportError } from './link.js';

const MAX_RETRIES = 3;
const MAX_HANDSHAKES = 3;

/** What to do about a failed attempt. */
export type Verdict =
  { retry: 'later'; delayMs: number } | { retry: 'new-session' } | { retry: 'never'; error: unknown };

/** The attempts of one call. */
export class RetryBudget {
  readonly #random: () => number;
  #retries = 0;
  #handshakes = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  judge(error: unknown): Verdict {
    if (error instanceof EngineError && ['clear-expired', 'handle', 'exhausted'].includes(error.failure)) {
      return this.#newSession(new SessionExpiredError());
    }
    const final = explain(error);
    if (error instanceof EngineError || error instanceof Refused) {
      return final instanceof InvalidRequestError ? { retry: 'never', error: final } : this.#later(final);
    }
    if (error instanceof TransportError) return error.retry ? this.#later(final) : { retry: 'never', error: final };
    if (error instanceof HttpError) {
      if (error.code === 'SESSION_EXPIRED') return this.#newSession(error);
      // The deadline is the caller's, and it has passed.
      if (error.status >= 500 && error.code !== 'TIMEOUT') return this.#later(error);
    }
    return { retry: 'never', error };
  }

  #later(error: unknown): Verdict {
    if (this.#retries >= MAX_RETRIES) return { retry: 'never', error };
    return { retry: 'later', delayMs: backoff(this.#random, this.#retries++) };
  }

  #newSession(error: unknown): Verdict {
    return this.#handshakes++ < MAX_HANDSHAKES ? { retry: 'new-session' } : { retry: 'never', error };
  }
}

/** What the caller is told of a failure below the calls. */
export function explain(error: unknown): unknown {
  if (error instanceof Refused) return explain(error.cause);
  if (error instanceof TransportError) {
    const told = new ServiceUnavailableError(error.message);
    told.cause = error.cause;
    return told;
  }
  if (!(error instanceof EngineError)) return error;
  switch (error.failure) {
    case 'clear-expired':
    case 'handle':
    case 'exhausted':
      return new SessionExpiredError();
    case 'clear-unavailable':
      return new ServiceUnavailableError(
        'the gateway refuses: it is starting or stopping, has too much to do, or holds none of the pinned keys',
      );
    case 'too-large':
      return new InvalidRequestError('the arguments are larger than a frame may be');
    case 'input':
      return new InvalidRequestError('the call cannot be encoded');
    default:
      return new DecryptionError("what answers does not hold the pinned gateway's key");
  }
}
