// What is measured, and who does which of it.

/** Bytes of payload by the name a case has for it. */
export const SIZES = { 64: 64, '1k': 1024, '16k': 16 * 1024, '256k': 256 * 1024 };

const sized = (kind) => Object.entries(SIZES).map(([name, size]) => ({ name: `${kind}_${name}`, kind, size }));
const whole = (name, kind) => ({ name, kind, size: 0 });

export const CASES = [
  ...sized('seal'),
  ...sized('open'),
  { name: 'call_1k', kind: 'call', size: SIZES['1k'] },
  whole('handshake_client', 'handshakeClient'),
  whole('handshake_server', 'handshakeServer'),
  whole('handshake', 'handshake'),
];

const FRAMES = ['seal', 'open'];
const CLIENT = [...FRAMES, 'call', 'handshakeClient'];
const ALL = [...CLIENT, 'handshakeServer', 'handshake'];

/** Name → its suite, what it does, and for ours the peers with the same suite. */
export const SYSTEMS = {
  native: { suite: 'chacha20-poly1305', does: ALL, peers: ['openssl'] },
  native_aes: { suite: 'aes-256-gcm', does: ALL, peers: ['openssl_aes'] },
  wasm: { suite: 'chacha20-poly1305', does: CLIENT, peers: ['noble'] },
  webcrypto: { suite: 'aes-256-gcm', does: CLIENT, peers: ['noble_aes'] },
  openssl: { suite: 'chacha20-poly1305', does: FRAMES },
  openssl_aes: { suite: 'aes-256-gcm', does: FRAMES },
  noble: { suite: 'chacha20-poly1305', does: FRAMES },
  noble_aes: { suite: 'aes-256-gcm', does: FRAMES },
};

/** The systems that take part in a case. */
export const inCase = (names, { kind }) => names.filter((name) => SYSTEMS[name].does.includes(kind));

/** The pairs of a case to compare: `[ours, peer]`. */
export const pairsOf = (names) =>
  names.flatMap((ours) => (SYSTEMS[ours].peers ?? []).filter((p) => names.includes(p)).map((peer) => [ours, peer]));
