// Certificates for tests of TLS: an authority, and what it signs.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installed } from './servers.mjs';

const DAY_MS = 86_400_000;

const forge = () => createRequire(join(installed('node-forge'), 'package.json'))('node-forge');

/** A new authority; `sign(name, { expired })` answers `{ cert, key }`, PEM as `cert` of the authority. */
export function authority(name) {
  const own = certificate({ name });
  return { cert: own.cert, sign: (host, options) => certificate({ name: host, issuer: own, host, ...options }) };
}

function certificate({ name, issuer, host, expired = false }) {
  const { pki, md } = forge();
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const cert = pki.createCertificate();
  cert.publicKey = pki.publicKeyFromPem(publicKey);
  cert.serialNumber = `01${randomBytes(8).toString('hex')}`;
  const now = Date.now();
  cert.validity.notBefore = new Date(now - 3 * DAY_MS);
  cert.validity.notAfter = new Date(expired ? now - DAY_MS : now + DAY_MS);
  const subject = [{ name: 'commonName', value: name }];
  cert.setSubject(subject);
  cert.setIssuer(issuer ? issuer.subject : subject);
  cert.setExtensions(
    host
      ? [
          { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
          { name: 'extKeyUsage', serverAuth: true },
        ]
      : [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'keyUsage', keyCertSign: true, critical: true },
        ],
  );
  cert.sign(pki.privateKeyFromPem(issuer ? issuer.key : privateKey), md.sha256.create());
  return { cert: pki.certificateToPem(cert), key: privateKey, subject };
}
