// The tables, as Markdown.
import { markdown } from '../lib/report.mjs';
import { isSteady } from '../lib/stats.mjs';

/** Three digits that mean something. */
const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2));

export function render({ rows, spreads, bundles, versions, machine, settings }) {
  const times = rows.map((r) => [
    r.case,
    r.system,
    number(r.micros.median),
    `${number(r.micros.min)}–${number(r.micros.max)}`,
    r.opsPerSec.toLocaleString('en'),
  ]);
  const ratios = Object.entries(spreads).map(([name, value]) => [
    name,
    number(value.median),
    value.min === value.max ? '' : `${number(value.min)}–${number(value.max)}`,
    isSteady(value) ? '' : 'rounds differ by more than 15 %',
  ]);
  const sizes = bundles.map(({ entry, ...bytes }) => [
    entry,
    ...['js', 'wasm', 'whole'].map((key) => bytes[key].toLocaleString('en')),
  ]);
  return [
    markdown([['case', 'system', 'µs', 'min–max', 'per second'], ...times], 2),
    markdown([['brotli bytes', 'JavaScript', 'WebAssembly', 'as shipped'], ...sizes], 1),
    markdown([['ratio (> 1: Kontract is better), or a figure', 'median', 'min–max', ''], ...ratios], 1),
    context({ versions, machine, settings }),
  ].join('\n');
}

function context({ versions, machine, settings }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${list.join(', ')}; ${machine.cpus} × ${machine.model}; load ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after`,
    ...(machine.busy ? ['The machine was busy before the first round: do not quote this.'] : []),
    ...(settings.quick ? ['A quick run: do not quote this.'] : []),
  ].join('\n');
}
