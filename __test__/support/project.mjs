// Throw-away Kontract projects in a temporary folder.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanup } from './cleanup.mjs';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const cli = join(repository, 'bin/kontract.mjs');

/** A folder that is removed when the test is over. */
export function temporaryFolder(t, prefix = 'kontract-') {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  // A database server in it may run as another user, who has to pass through.
  chmodSync(folder, 0o711);
  cleanup(t, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A project of these files, with this checkout as its `kontract`. */
export function project(t, files) {
  const folder = temporaryFolder(t);
  linkKontract(folder);
  write(folder, { 'package.json': '{ "type": "module", "private": true }\n', ...files });
  return folder;
}

/** A copy of an example, without what running it leaves behind. */
export function copyOfExample(t, name) {
  const folder = temporaryFolder(t);
  const generated = /(^|\/)(node_modules|\.kontract|dist)(\/|$)/;
  const source = join(repository, 'examples', name);
  cpSync(source, folder, { recursive: true, filter: (path) => !generated.test(path.slice(source.length)) });
  linkKontract(folder);
  return folder;
}

export function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function linkKontract(folder) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(repository, join(folder, 'node_modules/kontract'), 'dir');
}
