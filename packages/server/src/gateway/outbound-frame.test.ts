import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { buildFrame } from './outbound-frame.ts';

/** The payload of a frame, by RFC 6455 §5.2. */
function payloadOf(frame: Buffer, firstByte = 0x82): Buffer {
  expect(frame[0]).toBe(firstByte);
  const [short = 0] = frame.subarray(1);
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const payload = frame.subarray(header);
  expect(payload.length).toBe(length);
  return payload;
}

const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 7);

/** What a frame writes in the end. */
async function built(...args: Parameters<typeof buildFrame>): Promise<Buffer> {
  const frame = buildFrame(...args);
  const ready = 'ready' in frame ? await frame.ready : frame;
  if (!('parts' in ready)) return ready;
  const bytes = Buffer.concat(ready.parts);
  expect(bytes.length).toBe(ready.length);
  return bytes;
}

test.each([0, 1, 124, 125, 65_534, 65_535, 70_000, 200_000])(
  'a message of %i bytes, not compressed',
  async (length) => {
    const payload = payloadOf(await built([body(length)], length, 'None'));
    expect(payload[0]).toBe(0);
    expect(payload.subarray(1).equals(body(length))).toBe(true);
  },
);

test.each([
  { length: 1024, tag: 0 },
  { length: 1025, tag: 1 },
  { length: 200_000, tag: 1 },
])('$length bytes for a client that takes compression begin with tag $tag', async ({ length, tag }) => {
  const brotli = payloadOf(await built([body(length)], length, 'Brotli'));
  expect(brotli[0]).toBe(tag);
  const gzip = payloadOf(await built([body(length)], length, 'Gzip'));
  expect(gzip[0]).toBe(tag * 2);
  if (tag === 0) return;
  expect(brotliDecompressSync(brotli.subarray(1)).equals(body(length))).toBe(true);
  expect(gunzipSync(gzip.subarray(1)).equals(body(length))).toBe(true);
});

test('several messages follow each other in one payload', async () => {
  const payload = payloadOf(await built([body(3), body(2)], 5, 'Gzip'));
  expect([...payload]).toEqual([0, 0, 1, 2, 0, 1]);
});

test('text is neither tagged nor compressed', async () => {
  const text = new TextEncoder().encode('{"a":1}'.repeat(300));
  const payload = payloadOf(await built([text], text.length, 'Text'), 0x81);
  expect(payload.equals(text)).toBe(true);
});

test('large messages are not copied', () => {
  const messages = [body(100_000), body(100_000)];
  const frame = buildFrame(messages, 200_000, 'None');
  expect('parts' in frame && frame.parts.slice(1)).toEqual(messages);
  expect('parts' in frame && frame.parts[1]?.buffer).toBe(messages[0]?.buffer);
});
