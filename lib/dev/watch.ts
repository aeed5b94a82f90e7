/** Tells when a project's sources have changed, a burst of writes as one. */
import { join, relative } from 'node:path';
import { watch as chokidar } from 'chokidar';
import { CONFIG_FILE } from '../cli/config.js';

/**
 * Longer than the 50 ms for which chokidar keeps a file's further changes to itself: whatever it does
 * not tell about is on disk before anyone looks.
 */
const DEBOUNCE_MS = 60;

/** Resolves when watching has begun; the result stops it. */
export async function watchProject(root: string, changed: (files: string[]) => void): Promise<() => Promise<void>> {
  const pending = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const watcher = chokidar(
    [join(root, 'src'), join(root, 'index.html'), join(root, 'public'), join(root, CONFIG_FILE)],
    { ignoreInitial: true, ignored: (path) => path.startsWith(join(root, 'src', '.kontract')) },
  );
  watcher.on('all', (_, path) => {
    pending.add(relative(root, path));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...pending].toSorted();
      pending.clear();
      changed(files);
    }, DEBOUNCE_MS);
  });
  await new Promise<void>((ready) => watcher.once('ready', () => ready()));
  return async () => {
    clearTimeout(timer);
    await watcher.close();
  };
}
