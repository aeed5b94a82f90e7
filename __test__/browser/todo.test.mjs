// The todo example as its user sees it, in headless Chromium: add, toggle, reload, still there.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { cleanup } from '../support/cleanup.mjs';
import { database, query } from '../support/database.mjs';
import { start } from '../support/process.mjs';
import { cli, copyOfExample, repository } from '../support/project.mjs';

const executablePath = process.env.KONTRACT_CHROMIUM;
const skip = executablePath ? false : 'no Chromium found: install one or set KONTRACT_CHROMIUM to its path';
/** Chromium must neither need a display nor look for the outside world. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

test('the page adds, toggles, removes, and keeps what it did', { skip }, async (t) => {
  const folder = copyOfExample(t, 'todo');
  const databaseUrl = await database(t);
  const dev = await start(process.execPath, [cli, 'dev', '--port', '0', '--no-open'], {
    cwd: folder,
    env: { DATABASE_URL: databaseUrl },
    ready: /https?:\/\/127\.0\.0\.1:\d+/,
  });
  cleanup(t, dev.stop);
  const browser = await chromium.launch({ executablePath, args: QUIET });
  cleanup(t, () => browser.close());
  const page = await browser.newPage({ viewport: { width: 900, height: 760 }, colorScheme: 'light' });
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));

  await page.goto(dev.match[0]);
  await page.getByTestId('empty').waitFor();
  for (const text of ['Read the protocol #security', 'Feed the cat', 'Ship it']) {
    await page.getByTestId('add-text').fill(text);
    await page.getByTestId('add-button').click();
    await page.getByTestId('todos').getByText(text.split(' #')[0]).waitFor();
  }
  await page.getByRole('checkbox').nth(1).click();
  await page.getByText('2 of 3 open').waitFor();

  const screenshots = process.env.KONTRACT_ARTIFACTS ?? join(repository, 'artifacts');
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, 'todo-light.png') });

  await page.reload();
  await page.getByText('2 of 3 open').waitFor();
  assert.equal(await page.getByRole('checkbox').nth(1).isChecked(), true, 'the toggle is still there after a reload');
  assert.equal(await page.getByRole('checkbox').nth(0).isChecked(), false);

  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: join(screenshots, 'todo-dark.png') });
  await page.getByTestId('clear-done').click();
  await page.getByText('2 of 2 open').waitFor();

  const [table] = await query(databaseUrl, `SELECT ptr FROM kontract.storage WHERE id = 'todos'`);
  const rows = await query(
    databaseUrl,
    `SELECT data->>'text' AS text, data->>'done' AS done FROM kontract.${table.ptr} WHERE _deleted_txid IS NULL ORDER BY _order`,
  );
  assert.deepEqual(rows, [
    { text: 'Read the protocol', done: 'false' },
    { text: 'Ship it', done: 'false' },
  ]);
  assert.deepEqual(problems, [], 'the page logs no errors');
});
