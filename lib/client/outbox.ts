/** What one session sends: sealed in order, one frame after another, and handed to its link. */
import type { Bytes, Maybe } from './engine.js';
import { InOrder, settled } from './in-order.js';
import type { Link } from './link.js';

/** What is sent for no answer, but perhaps to know that it is gone. */
export class Notice {
  readonly done: () => void;

  constructor(done: () => void) {
    this.done = done;
  }
}

export class Outbox extends InOrder {
  readonly #link: Link;
  readonly #sealed: () => void;

  /** `sealed` is called for each frame that goes. */
  constructor(link: Link, sealed: () => void) {
    super(() => link.flush());
    this.#link = link;
    this.#sealed = sealed;
  }

  /** Sends a frame; not if nobody wants it any more by the time it is sealed. */
  send(
    owner: object,
    seal: () => Maybe<Bytes>,
    failed: (error: unknown) => void,
    stream = false,
    isWanted = () => true,
  ): void {
    this.run(() =>
      settled(
        seal,
        (frame) => {
          if (!isWanted()) return;
          this.#sealed();
          this.#link.send(owner, frame, stream);
        },
        failed,
      ),
    );
  }
}
