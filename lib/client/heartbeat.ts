/**
 * Whether the other end of a WebSocket is alive (specification 11.2.2): asked at every beat, by a
 * text ping or, often enough for the session to live, by a sealed heartbeat. Whatever comes counts.
 */
import type { Clock } from './clock.js';

export interface Pulse {
  ping(): void;
  /** A sealed heartbeat, which keeps the session as well. */
  beat(): void;
  /** Nothing came since the last beat: for the first, second, third time in a row. */
  missed(times: number): void;
}

/** How long an answer may take when there is reason to doubt. */
const IMPATIENT_MS = 5_000;

export class Heartbeat {
  readonly #clock: Clock;
  readonly #pulse: Pulse;
  readonly #everyMs: number;
  readonly #sealEveryMs: number;
  #sealedAt: number;
  #heard = true;
  #misses = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, intervalMs: number, ttlMs: number, pulse: Pulse) {
    this.#clock = clock;
    this.#pulse = pulse;
    this.#sealEveryMs = ttlMs / 2;
    this.#everyMs = Math.min(intervalMs, this.#sealEveryMs);
    this.#sealedAt = clock.now();
    this.#schedule(this.#everyMs);
  }

  heard(): void {
    this.#heard = true;
    this.#misses = 0;
  }

  /** A sealed frame was sent: the session lives. */
  sealed(): void {
    this.#sealedAt = this.#clock.now();
  }

  /** Asks now, and soon again: the machine may have slept, or the network changed. */
  check(): void {
    if (!this.#cancel) return;
    this.#heard = false;
    this.#pulse.ping();
    this.#schedule(Math.min(IMPATIENT_MS, this.#everyMs));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    const impatient = !this.#heard;
    if (impatient) {
      this.#pulse.missed(++this.#misses);
      // Whoever heard of the last miss has put an end to this.
      if (!this.#cancel) return;
    }
    this.#heard = false;
    // The next beat may come too late for the session.
    if (this.#clock.now() - this.#sealedAt + this.#everyMs > this.#sealEveryMs) this.#pulse.beat();
    else this.#pulse.ping();
    this.#schedule(this.#everyMs);
  }
}
