import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { FrontendInput, readText } from './frontend-input.ts';
import { readStartupPacket } from './startup-packet.ts';

function queryMessage(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.from('Q\0\0\0\0');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const texts = fc.array(
  fc.string({ maxLength: 3000, size: 'max' }).filter((text) => !text.includes('\0')),
  { maxLength: 20, size: 'max' },
);
const cuts = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 50, size: 'max' });

property.prop([texts, cuts])('messages come out whole and in order, however their bytes are cut', (sent, sizes) => {
  const wire = Buffer.concat(sent.map(queryMessage));
  const input = new FrontendInput();
  const received: string[] = [];
  for (let at = 0, i = 0; at < wire.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    input.push(wire.subarray(at, at + size));
    at += size;
    for (let next = input.take(true); next !== undefined; next = input.take(true)) received.push(readText(next.body));
  }
  expect(received).toEqual(sent.map((text) => text.toWellFormed()));
});

test('the memory of a long statement is given back when all that came is read', () => {
  const held = (): number => {
    gc!({ type: 'major', execution: 'sync', flavor: 'last-resort' }); // there: see vitest.config.ts
    return process.memoryUsage().arrayBuffers;
  };
  const statement = queryMessage('x'.repeat(1_000_000));
  const before = held();
  const inputs = Array.from({ length: 20 }, () => {
    const input = new FrontendInput();
    input.push(statement);
    expect(input.take(true)?.body.length).toBe(1_000_001);
    expect(input.take(true)).toBeUndefined();
    return input;
  });
  expect(held() - before).toBeLessThan(inputs.length * 10_000);
  inputs[0]!.push(queryMessage('and on'));
  expect(readText(inputs[0]!.take(true)!.body)).toBe('and on');
});

property.prop([fc.uint8Array({ maxLength: 2000, size: 'max' })])(
  'any bytes are messages, a wait, or an error with a code',
  (bytes) => {
    const input = new FrontendInput();
    input.push(bytes);
    try {
      for (let next = input.take(true); next !== undefined; next = input.take(true)) readText(next.body);
    } catch (error) {
      expect(error).toMatchObject({ name: 'PostgresError', code: expect.stringMatching(/^[0-9A-Z]{5}$/u) });
    }
  },
);

property.prop([fc.uint8Array({ minLength: 4, maxLength: 500, size: 'max' }), fc.boolean()])(
  'any introduction is read, or refused with a code',
  (bytes, isCurrent) => {
    const body = Buffer.from(bytes);
    if (isCurrent) body.writeInt32BE(0x3_0000, 0);
    try {
      expect(readStartupPacket(body)).toHaveProperty('tag');
    } catch (error) {
      expect(error).toMatchObject({ name: 'PostgresError', severity: 'FATAL' });
    }
  },
);
