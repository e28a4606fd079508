import { readFileSync } from 'node:fs';
import { hexToBytes } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../src/testing/index.ts';

/**
 * Raw import calls of a module, and what SpacetimeDB 2.8.3 answered. A script commits, traps, or
 * ends with an error whose text is a dump of guest memory.
 */
interface Step {
  readonly label: string;
  readonly script_hex: string;
  readonly reference: 'committed' | 'error' | 'trap';
  readonly dump_hex?: string;
}

const probe = JSON.parse(readFileSync(new URL('../vectors/abi-probe.json', import.meta.url), 'utf8')) as {
  wasm_base64: string;
  steps: Step[];
};

const ERRNO_3 = '0000000003000000';
const ERRNO_4 = '0000000004000000';

/**
 * Steps that we answer in another way, by what our answer begins with (file 11 §1.4 of the
 * specification: a documented errno where the reference traps; 90 §5: sequences that end instead of
 * wrapping; the order of rows and the count of rows deleted earlier are free).
 */
const OURS: Readonly<Record<string, string>> = {
  'clear + count': '000000000000000000000000',
  'clear unknown table': ERRNO_4,
  'delete range over hash': '00000000000000000a000000',
  'hash range': '000000000000000000000000000000000a000000',
  'insert into unknown table': ERRNO_4,
  'insert short row': ERRNO_3,
  'range scan order own vs committed': '0100000002000000020000006332',
  'rets range': '0000000000000000000000000000000000000000ffffffff00000000ffffffff03000000060000000a000000',
  'sequence of a u8 wraps: 300 generated': '0000000010000000',
  'trailing insert fixed': ERRNO_3,
  'trailing insert var': ERRNO_3,
  'update short row': '000000000000000003000000',
  'update unknown table': ERRNO_4,
};

test('every raw import call answers as the reference does', async () => {
  await using testDatabase = await openTestDatabase(new Uint8Array(Buffer.from(probe.wasm_base64, 'base64')));
  const session = await testDatabase.connect('prober');
  for (const { label, script_hex, reference, dump_hex } of probe.steps) {
    const answer = await session.call('run', hexToBytes(script_hex)!).then(
      () => 'committed',
      (error: Error) => (error.message === 'The instance encountered a fatal error.' ? 'trap' : error.message),
    );
    const ours = OURS[label];
    if (ours === undefined) expect.soft(answer, label).toBe(dump_hex ?? reference);
    else expect.soft(answer.slice(0, ours.length), label).toBe(ours);
  }
});
