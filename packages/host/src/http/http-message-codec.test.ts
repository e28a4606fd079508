import { ByteReader, ByteWriter, SatsError } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { HTTP_VERSIONS } from './http-message.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import { readHttpRequest, readHttpResponse, writeHttpRequest, writeHttpResponse } from './http-message-codec.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const REQUESTS: { name: string; request: HttpRequest; hex: string }[] = [
  {
    name: 'the example of the specification',
    request: { method: 'GET', headers: [], timeoutMicros: undefined, uri: 'http://a/', version: 'HTTP/1.1' },
    hex: '00 00000000 01 09000000 687474703a2f2f612f 02',
  },
  {
    name: 'everything in it',
    request: {
      method: 'POST',
      headers: [
        { name: 'x', value: Uint8Array.of(0xff) },
        { name: 'x', value: utf8('') },
      ],
      timeoutMicros: -2n,
      uri: '',
      version: 'HTTP/3',
    },
    hex: '02 02000000 01000000 78 01000000 ff 01000000 78 00000000 00 feffffffffffffff 00000000 04',
  },
  {
    name: 'a method of its own',
    request: { method: 'QUERY', headers: [], timeoutMicros: 1n, uri: 'u', version: 'HTTP/0.9' },
    hex: '09 05000000 5155455259 00000000 00 0100000000000000 01000000 75 00',
  },
];

test.each(REQUESTS)('a request with $name <-> $hex', ({ request, hex }) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const writer = new ByteWriter();
  writeHttpRequest(writer, request);
  expect(Buffer.from(writer.written()).toString('hex')).toBe(bytes.toString('hex'));
  expect(readHttpRequest(new ByteReader(Uint8Array.from(bytes)))).toEqual(request);
});

test('the methods have the tags of the specification', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
  for (const [tag, method] of methods.entries()) {
    const writer = new ByteWriter();
    writeHttpRequest(writer, { method, headers: [], timeoutMicros: undefined, uri: '', version: 'HTTP/2' });
    expect(writer.written()[0]).toBe(tag);
  }
});

test('a response <-> its bytes', () => {
  const response: HttpResponse = { headers: [{ name: 'a', value: utf8('b') }], version: 'HTTP/2', status: 404 };
  const writer = new ByteWriter();
  writeHttpResponse(writer, response);
  expect(Buffer.from(writer.written()).toString('hex')).toBe('010000000100000061010000006203' + '9401');
  expect(readHttpResponse(new ByteReader(writer.finish()))).toEqual(response);
});

const header = fc.record({ name: fc.string(), value: fc.uint8Array({ maxLength: 20 }) });
const version = fc.constantFrom(...HTTP_VERSIONS);
const request = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'PATCH'), fc.string()),
  headers: fc.array(header, { maxLength: 5 }),
  timeoutMicros: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: undefined }),
  uri: fc.string(),
  version,
});

property.prop([request])('whatever request is written is read back', (value) => {
  const writer = new ByteWriter();
  writeHttpRequest(writer, value);
  expect(readHttpRequest(new ByteReader(writer.finish()))).toEqual(value);
});

property.prop([request, fc.nat(), fc.nat(255)])(
  'a damaged request is refused or read, never a crash',
  (value, at, byte) => {
    const writer = new ByteWriter();
    writeHttpRequest(writer, value);
    const bytes = writer.finish();
    bytes[at % bytes.length] = byte;
    for (const input of [bytes, bytes.slice(0, at % bytes.length)]) {
      try {
        readHttpRequest(new ByteReader(input));
      } catch (error) {
        expect(error).toBeInstanceOf(SatsError);
      }
    }
  },
);
