// What the library makes of values at the edges of their types.
import { beforeAll, expect, test } from 'vitest';
import { compileSource } from './support/compile.ts';
import { FakeHost } from './support/fake-host.ts';

const source = `import { Claims, httpHandler, HttpHandlerContext, HttpRequest, HttpResponse, procedure, ProcedureContext, Timestamp }
  from "@lightcone/sdk-assemblyscript";
class Values {
  @procedure static a_join(ctx: ProcedureContext, units: u16[]): string { return String.fromCharCodes(units.map<i32>(u => u)); }
  @procedure static b_time(ctx: ProcedureContext, time: Timestamp): string { return time.toString(); }
  @procedure static c_claim(ctx: ProcedureContext, json: string): string { return new Claims(json).text('sub'); }
  @httpHandler static c_sender(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse {
    const tx = ctx.beginTx();
    const response = HttpResponse.ofText(tx.ctx.sender.toString() + String.fromCharCode(0xd800));
    tx.commit();
    return response;
  }
}`;

let host: FakeHost;
beforeAll(async () => {
  const { wasm, messages } = await compileSource(source);
  expect(messages).toBe('');
  host = new FakeHost(wasm ?? new Uint8Array());
});

/** The text that a procedure returns, from its BSATN. */
function textOf(procedure: number, args: Uint8Array): string {
  const { code, written } = host.callProcedure(procedure, args);
  expect(code).toBe(0);
  expect(Buffer.from(written).readUInt32LE()).toBe(written.length - 4);
  return new TextDecoder('utf-8', { fatal: true }).decode(written.subarray(4));
}

test.each(['', 'plain', 'grüße 🚀', '\ud800', '\udc00', 'a\ud83d', '\ud83dz', '\ude80\ud83d', '\ud83d\ud83d\ude80'])(
  'the string %j is written as UTF-8, with U+FFFD for half a surrogate pair',
  (text) => {
    const args = Buffer.alloc(4 + 2 * text.length);
    args.writeUInt32LE(text.length);
    for (let at = 0; at < text.length; at++) args.writeUInt16LE(text.charCodeAt(at), 4 + 2 * at);
    expect(textOf(0, args)).toBe(text.toWellFormed());
  },
);

test.each([
  { micros: 0n, text: '1970-01-01T00:00:00.000000Z' },
  { micros: -1n, text: '1969-12-31T23:59:59.999999Z' },
  { micros: 951_782_400_000_001n, text: '2000-02-29T00:00:00.000001Z' },
  { micros: 253_402_300_799_999_999n, text: '9999-12-31T23:59:59.999999Z' },
  { micros: 253_402_300_800_000_000n, text: '+010000-01-01T00:00:00.000000Z' },
  { micros: -62_167_219_200_000_000n, text: '0000-01-01T00:00:00.000000Z' },
  { micros: -62_167_219_200_000_001n, text: '-000001-12-31T23:59:59.999999Z' },
  // The last date of JavaScript, and the second after it.
  { micros: 8_640_000_000_000_000_000n, text: '+275760-09-13T00:00:00.000000Z' },
  { micros: 8_640_000_000_001_000_000n, text: '+275760-09-13T00:00:01.000000Z' },
  { micros: 2n ** 63n - 1n, text: '+294247-01-10T04:00:54.775807Z' },
  { micros: -(2n ** 63n), text: '-290308-12-21T19:59:05.224192Z' },
])('the timestamp $micros is $text', ({ micros, text }) => {
  const args = Buffer.alloc(8);
  args.writeBigInt64LE(micros);
  expect(textOf(1, args)).toBe(text);
});

test('nobody is the sender of an HTTP handler, whose text is UTF-8, too', () => {
  const { code, body } = host.callHttpHandler(0);
  expect({ code, body: Buffer.from(body).toString('hex') }).toEqual({
    code: 0,
    body: Buffer.from(`${'0'.repeat(64)}\ufffd`).toString('hex'),
  });
});

test.each([
  { what: 'a text', payload: '{"sub":"ann"}', value: 'ann' },
  { what: 'white space around it', payload: ' {\n"iss" : "x" ,\t"sub" : "ann" } ', value: 'ann' },
  { what: 'other values before it', payload: '{"a":{"sub":[1,{"b":"}]"}]},"c":-1.5e3,"sub":"ann"}', value: 'ann' },
  { what: 'the last of several, as the host takes it', payload: '{"sub":"ann","x":1,"sub":"bob"}', value: 'bob' },
  { what: 'the last of several, which is no text', payload: '{"sub":"ann","sub":7}', value: '' },
  { what: 'a name with escapes', payload: String.raw`{"\u0073ub":"ann"}`, value: 'ann' },
  { what: 'none', payload: '{"subject":"ann"}', value: '' },
])('the claim is $what: $payload', ({ payload, value }) => {
  const bytes = Buffer.from(payload);
  const args = Buffer.alloc(4 + bytes.length);
  args.writeUInt32LE(bytes.length);
  bytes.copy(args, 4);
  expect(textOf(2, args)).toBe(value);
});
