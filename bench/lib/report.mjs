// How results are shown: a table for people, one line of JSON for programs.
import { isSteady } from './stats.mjs';

const COLUMNS = [
  ['case', (row) => row.case],
  ['clients', (row) => String(row.clients)],
  ['system', (row) => row.system],
  ['calls/s', (row) => number(row.opsPerSec)],
  ['min–max', (row) => `${number(row.minOpsPerSec)}–${number(row.maxOpsPerSec)}`],
  ['p50 ms', (row) => row.p50Ms.toFixed(2)],
  ['p99 ms', (row) => row.p99Ms.toFixed(2)],
  ['CPU µs', (row) => String(row.cpuMicros ?? '')],
  ['RSS MB', (row) => String(row.rssMb ?? '')],
];

const number = (value) => Math.round(value).toLocaleString('en');

const IDLE = [
  ['idle connections', (row) => row.connection],
  ['system', (row) => row.system],
  ['connections', (row) => number(row.connections)],
  ['RSS before, KiB', (row) => number(row.beforeKb)],
  ['with them, KiB', (row) => number(row.afterKb)],
  ['KiB each', (row) => row.kibPerConnection.toFixed(1)],
];

/** Rows and ratios as Markdown, so that a run can be pasted where it is quoted. */
export function render({ rows, idle = [], ratios, spreads }) {
  const table = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))];
  const lines = Object.keys(ratios).map((name) => [name, ...shownRatio(spreads[name])]);
  const parts = [markdown(table, 3)];
  if (idle.length > 0)
    parts.push(markdown([IDLE.map(([title]) => title), ...idle.map((row) => IDLE.map(([, show]) => show(row)))], 2));
  if (lines.length > 0)
    parts.push(markdown([['ratio (> 1: Kontract is better)', 'median', 'min–max', ''], ...lines], 1));
  return parts.join('\n');
}

export function shownRatio(value) {
  const range = `${value.min.toFixed(2)}–${value.max.toFixed(2)}`;
  return [value.median.toFixed(2), range, isSteady(value) ? '' : 'rounds differ by more than 15 %'];
}

/** Columns from `numbersFrom` on are aligned right. */
export function markdown([head, ...body], numbersFrom) {
  const all = [head, ...body];
  const widths = head.map((_, column) => Math.max(3, ...all.map((line) => line[column].length)));
  const pad = (text, column) => (column >= numbersFrom ? text.padStart(widths[column]) : text.padEnd(widths[column]));
  const show = (line) => `| ${line.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) => (column >= numbersFrom ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return `${[show(head), `| ${rule.join(' | ')} |`, ...body.map(show)].join('\n')}\n`;
}
