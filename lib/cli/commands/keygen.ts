/** `kontract keygen` */
export async function keygen(flags: { json?: boolean }): Promise<void> {
  const { keygen: generate } = await import('../../native/index.js');
  const keys = generate();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(keys)}\n`);
    return;
  }
  process.stdout.write(
    `KONTRACT_KEY=${keys.privateKey}\n\n` +
      `Keep that line where the gateway's secrets are: whoever has it can be your gateway.\n` +
      `Clients pin its public half, key ${keys.keyId}. In kontract.config.json:\n\n` +
      `  "pins": ["${keys.publicKey}"]\n`,
  );
}
