/** When to try again, and when not (specification 11.3.3, protocol §11). */
import {
  DecryptionError,
  HttpError,
  InvalidRequestError,
  ServiceUnavailableError,
  SessionExpiredError,
} from '../shared/index.js';
import { EngineError } from './engine.js';
import { TransportError } from './transport.js';

const BASE_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
const MAX_RETRIES = 3;
const MAX_HANDSHAKES = 3;

/** What to do about a failed attempt. */
export type Verdict =
  { retry: 'later'; delayMs: number } | { retry: 'new-session' } | { retry: 'never'; error: unknown };

/** The attempts of one call. */
export class RetryBudget {
  #retries = 0;
  #handshakes = 0;

  judge(error: unknown): Verdict {
    if (error instanceof EngineError) return this.#judgeEngine(error);
    if (error instanceof TransportError) {
      const final = new ServiceUnavailableError(error.message);
      final.cause = error.cause;
      return error.retry ? this.#later(final) : { retry: 'never', error: final };
    }
    if (error instanceof HttpError) {
      if (error.code === 'SESSION_EXPIRED') return this.#newSession(error);
      // The deadline is the caller's, and it has passed.
      if (error.status >= 500 && error.code !== 'TIMEOUT') return this.#later(error);
    }
    return { retry: 'never', error };
  }

  #judgeEngine(error: EngineError): Verdict {
    switch (error.failure) {
      case 'clear-expired':
      case 'handle':
      case 'exhausted':
        return this.#newSession(new SessionExpiredError());
      case 'clear-unavailable':
        return this.#later(
          new ServiceUnavailableError('the gateway refuses: it is starting, or holds none of the pinned keys'),
        );
      case 'malformed':
      case 'decryption':
      case 'replay':
      case 'unexpected':
        return this.#later(new DecryptionError("what answers does not hold the pinned gateway's key"));
      case 'too-large':
        return { retry: 'never', error: new InvalidRequestError('the arguments are larger than a frame may be') };
      case 'input':
        return { retry: 'never', error: new InvalidRequestError('the call cannot be encoded') };
    }
  }

  #later(error: unknown): Verdict {
    if (this.#retries >= MAX_RETRIES) return { retry: 'never', error };
    const ceiling = Math.min(BASE_DELAY_MS * 2 ** this.#retries++, MAX_DELAY_MS);
    // Full jitter: clients that failed together do not come back together.
    return { retry: 'later', delayMs: Math.random() * ceiling };
  }

  #newSession(error: unknown): Verdict {
    return this.#handshakes++ < MAX_HANDSHAKES ? { retry: 'new-session' } : { retry: 'never', error };
  }
}
