/** Whether this machine has a network, as far as it knows. */
export interface Network {
  /** False only when it is sure: browsers are mistaken in the other direction. */
  isOnline(): boolean;
  /** Calls back when that may have changed, or the page is looked at again; returns what stops it. */
  watch(changed: () => void): () => void;
}

interface Events {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface Surroundings extends Partial<Events> {
  navigator?: { onLine?: boolean };
  document?: Partial<Events> & { visibilityState?: string };
}

const scope = globalThis as Surroundings;

/** Whether this is a page, or a worker of one: only they say whether they are online. */
export const isPage = (): boolean => typeof scope.navigator?.onLine === 'boolean';

export const systemNetwork: Network = {
  isOnline: () => scope.navigator?.onLine !== false,
  watch(changed) {
    if (!isPage()) return () => undefined;
    const { document } = scope;
    const seen = () => document?.visibilityState === 'visible' && changed();
    scope.addEventListener?.('online', changed);
    scope.addEventListener?.('offline', changed);
    document?.addEventListener?.('visibilitychange', seen);
    return () => {
      scope.removeEventListener?.('online', changed);
      scope.removeEventListener?.('offline', changed);
      document?.removeEventListener?.('visibilitychange', seen);
    };
  },
};
