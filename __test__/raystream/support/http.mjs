// Frames over HTTP, by hand.
import { Wire } from './wire.mjs';

export async function post({ url }, path, body, type = 'application/octet-stream', headers = {}) {
  return await fetch(`${url}/raystream/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  });
}

/** A session over HTTP. */
export async function open(server, options = {}) {
  const wire = new Wire({ pin: server.pin, ...options });
  const response = await post(server, 'hs', wire.init);
  return wire.finish(Buffer.from(await response.arrayBuffer()));
}

/** (u32 big-endian length ‖ frame)* */
export function list(parts) {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

export async function postFrames(server, session, parts) {
  return await post(server, `s/${session}`, list(parts), 'application/raystream-frames');
}

/** The frames of an answer, as they come. */
export async function* frames(response) {
  let rest = Buffer.alloc(0);
  for await (const chunk of response.body) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      yield rest.subarray(4, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error(`${rest.length} bytes are left`);
}
