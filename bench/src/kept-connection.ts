import { connect } from 'node:net';

const STATUS_LINE = Buffer.from('HTTP/1.1 ');
const OK = Buffer.from('HTTP/1.1 200');

/** The bytes of a POST over a connection that is kept. */
export function keptRequest(path: string, token: string, body: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * Connects and sends the same request again and again: `ahead` of them, and as many when all those are answered.
 * The answers are counted by their status lines, so that they cost next to nothing; one that is not 200 is thrown.
 */
export async function askAhead(target: URL, request: Buffer, ahead: number): Promise<void> {
  const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const requests = Buffer.concat(Array.from({ length: ahead }, () => request));
  let rest: Buffer = Buffer.alloc(0);
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let end = 0;
    for (;;) {
      const at = bytes.indexOf(STATUS_LINE, end);
      if (at === -1 || at + OK.length > bytes.length) break;
      end = at + OK.length;
      if (!bytes.subarray(at, end).equals(OK)) throw new Error(`refused: ${bytes.toString('latin1', at)}`);
      if (++answers % ahead === 0) socket.write(requests);
    }
    rest = bytes.subarray(Math.max(end, bytes.length - OK.length + 1));
  });
  socket.write(requests);
}
