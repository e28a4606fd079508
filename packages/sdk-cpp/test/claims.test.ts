// The claims of a token as a module reads them: its payload comes to it exactly as the issuer wrote it.
import { expect, test } from 'vitest';
import { testModule } from './support/modules.ts';
import { RawHost } from './support/raw-host.ts';

const host = RawHost.ofFile(testModule('claims'));

/** A text in BSATN. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const SOME = Buffer.of(0);
const NONE = Buffer.of(1);

function claim(payload: string, name: string): Buffer {
  return Buffer.from(host.procedure('claim', Buffer.concat([text(payload), text(name)])).sink);
}

test.each([
  { what: 'a text', payload: '{"sub":"ann"}', value: 'ann' },
  { what: 'white space around it', payload: ' {\n"iss" : "x" ,\t"sub" : "ann" } ', value: 'ann' },
  {
    what: 'values of other kinds before it',
    payload: '{"a":{"sub":[1,{"b":"}]"}]},"c":-1.5e3,"sub":"ann"}',
    value: 'ann',
  },
  { what: 'the last of several, as the host takes it', payload: '{"sub":"ann","sub":"bob"}', value: 'bob' },
  { what: 'a name with escapes', payload: String.raw`{"\u0073ub":"ann"}`, value: 'ann' },
  {
    what: 'every escape',
    payload: String.raw`{"sub":"\"\\\/\b\f\n\r\t\u0041\u00fc\u4e16"}`,
    value: '"\\/\b\f\n\r\tAü世',
  },
  { what: 'two escapes for one character', payload: String.raw`{"sub":"\ud83d\ude80"}`, value: '🚀' },
  { what: 'the first half of a pair', payload: String.raw`{"sub":"a\ud800b"}`, value: 'a\u{fffd}b' },
  { what: 'the second half of a pair', payload: String.raw`{"sub":"a\udc00b"}`, value: 'a\u{fffd}b' },
  { what: 'a first half before a letter', payload: String.raw`{"sub":"\ud83dA"}`, value: '\u{fffd}A' },
  { what: 'a first half before a pair', payload: String.raw`{"sub":"\ud83d\ud83d\ude80"}`, value: '\u{fffd}🚀' },
  { what: 'a first half before an escaped letter', payload: String.raw`{"sub":"\ud83d\u0041"}`, value: '\u{fffd}A' },
])('$what: $payload', ({ payload, value }) => {
  expect(claim(payload, 'sub')).toEqual(Buffer.concat([SOME, text(value)]));
  // What the host reads in it.
  expect((JSON.parse(payload) as { sub: string }).sub.toWellFormed()).toBe(value);
});

test.each([
  '{}',
  '{"sub":5}',
  '{"sub":null}',
  '{"sub":["ann"]}',
  '{"sub":"ann","sub":5}',
  '{"a":{"sub":"ann"}}',
  '[]',
  '',
])('there is no text in %s', (payload) => {
  expect(claim(payload, 'sub')).toEqual(NONE);
});

test.each([
  { payload: '{"aud":"one"}', audience: ['one'] },
  { payload: '{"aud":["one", "two"]}', audience: ['one', 'two'] },
  { payload: '{"aud":[]}', audience: [] },
  { payload: '{}', audience: [] },
])('the audience of $payload', ({ payload, audience }) => {
  const count = Buffer.of(audience.length, 0, 0, 0);
  const { sink } = host.procedure('audience', text(payload));
  expect(Buffer.from(sink)).toEqual(Buffer.concat([count, ...audience.map(text)]));
});
