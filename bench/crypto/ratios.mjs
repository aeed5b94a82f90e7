// What comes of the times: rows, and ours against each peer.
import { median, ratio, spread } from '../lib/stats.mjs';
import { CASES, inCase, pairsOf } from './cases.mjs';

/** Medians over the rounds; `micros` is the processor's time for one operation. */
export function row(name, system, reports) {
  const micros = spread(reports.map((report) => report.micros));
  const over = (key) => median(reports.map((report) => report[key])) / 1000;
  return {
    case: name,
    system,
    clients: 1,
    opsPerSec: Math.round(1e6 / micros.median),
    p50Ms: over('p50'),
    p99Ms: over('p99'),
    micros,
  };
}

/**
 * `{ native_seal_16k_vs_openssl: { median, min, max }, … }`, above 1 when ours is faster; what handshakes take, and what a
 * browser loads, in the unit a name ends in.
 */
export function ratiosOf({ names, times, bundles }) {
  const out = {};
  const micros = (name, system) => times[name][system].map((report) => report.micros);
  for (const [ours, peer] of pairsOf(names)) {
    for (const it of CASES) {
      if (inCase([ours, peer], it).length < 2) continue;
      out[`${ours}_${it.name}_vs_${peer}`] = ratio(micros(it.name, peer), micros(it.name, ours));
    }
  }
  if (times.call_1k?.wasm && times.seal_1k?.noble) {
    // A call is a seal and a hash: what noble has for it is the seal.
    out.wasm_call_1k_vs_noble_seal = ratio(micros('seal_1k', 'noble'), micros('call_1k', 'wasm'));
  }
  const perSecond = (name, system) => spread(micros(name, system).map((time) => 1e6 / time));
  if (times.handshake?.native) {
    out.handshakes_per_sec = perSecond('handshake', 'native');
    out.server_handshakes_per_sec = perSecond('handshake_server', 'native');
  }
  if (times.handshake_client?.wasm) out.wasm_handshakes_per_sec = perSecond('handshake_client', 'wasm');
  const exactly = (bytes) => spread([bytes]);
  for (const { entry, js, wasm, whole } of bundles) {
    const name = entry.endsWith('webcrypto') ? 'webcrypto' : 'client';
    out[`${name}_js_brotli_bytes`] = exactly(js);
    if (wasm > 0) out[`${name}_wasm_brotli_bytes`] = exactly(wasm);
    if (wasm > 0) out[`${name}_whole_brotli_bytes`] = exactly(whole);
  }
  return out;
}
