import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../lib/dist/cli/config.js';

const refused = (text) => {
  try {
    parseConfig(typeof text === 'string' ? text : JSON.stringify(text));
  } catch (error) {
    assert.equal(error.name, 'UserError');
    return error.message;
  }
  return assert.fail('was accepted');
};

const PIN = 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k';

describe('kontract.config.json', () => {
  it('is optional in every part', () => {
    assert.deepEqual(parseConfig('{}'), {});
    const config = {
      url: 'https://app.example.com',
      pins: [PIN],
      host: '::1',
      port: 0,
      devIdentity: 'ada',
      maxFrame: 1 << 20,
      origins: ['https://app.example.com', '*'],
      trustProxy: ['127.0.0.1', '10.0.0.0/8', '::1'],
      tls: { cert: 'cert.pem', key: 'key.pem' },
      drainSeconds: 5,
      limits: { connections: 10, readSeconds: 5 },
    };
    assert.deepEqual(parseConfig(JSON.stringify({ $schema: './x.json', ...config })), config);
  });

  it('says where its JSON is broken', () => {
    assert.match(refused('{ "port": 1, }'), /kontract\.config\.json is not JSON: .*position/);
  });

  it('knows its settings, and guesses at misspelt ones', () => {
    assert.match(refused({ prot: 4400 }), /prot is not a setting; did you mean port\?/);
    assert.match(refused({ somethingElse: 1 }), /somethingElse is not a setting; there are: url, pins/);
    assert.match(refused('{"__proto__": 1}'), /__proto__ is not a setting/);
  });

  it('names what is wrong with a value', () => {
    assert.match(refused({ port: '4400' }), /port should be an integer, this is a string/);
    assert.match(refused({ port: 70000 }), /port should be between 0 and 65535, this is 70000/);
    assert.match(refused({ port: 1.5 }), /port should be an integer, this is a number/);
    assert.match(refused({ pins: PIN }), /pins should be an array, this is a string/);
    assert.match(refused({ pins: [PIN, 'short'] }), /pins\[1\] is not valid: "short"/);
    assert.match(refused({ pins: [PIN, PIN, PIN] }), /pins holds 3, at most 2 are allowed/);
    assert.match(refused({ url: 'ftp://x' }), /url is not valid: "ftp:\/\/x"\. Where built clients call/);
    assert.match(refused({ origins: ['https://app.example.com/'] }), /origins\[0\] is not valid/);
    assert.match(refused({ trustProxy: ['localhost'] }), /trustProxy\[0\] is not valid/);
    assert.match(refused({ tls: { cert: 'cert.pem' } }), /tls\.key is missing/);
    assert.match(
      refused({ limits: { conections: 1 } }),
      /limits\.conections is not a setting; did you mean connections/,
    );
    assert.match(refused({ limits: { connections: 0 } }), /limits\.connections should be between 1 and/);
    assert.match(refused('[]'), /the file should be an object, this is an array/);
    assert.match(refused('null'), /the file should be an object, this is null/);
  });

  it('reports every problem at once', () => {
    const message = refused({ port: -1, url: 3 });
    assert.match(message, /port/);
    assert.match(message, /url/);
  });
});
