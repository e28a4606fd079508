import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeDefinition, mutateBytes, randomDefinition } from '../../engine/test/fuzz/random-definition.ts';
import { describingModule } from '../../engine/test/fuzz/describing-module.ts';
import { mutateModule, sample } from '../../host/test/fuzz/mutate-module.ts';
import { Random } from '../../host/test/support/random-program.ts';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
import type { User } from './fixtures.ts';

/** `LIGHTCONE_FUZZ_RUNS=10000` for a night; each run starts a thread. */
const runs = Number(process.env['LIGHTCONE_FUZZ_RUNS'] ?? 12);
const seed = Number(process.env['LIGHTCONE_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CONFIG = '[modules]\nenergy-per-call = 20_000_000\nmax-memory-mib = 16\n';

let folder: string;
let server: RunningServer;
let owner: User;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-fuzz-'));
  await writeFile(join(folder, 'config.toml'), CONFIG);
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
  await publish(server.url, 'victim', owner, programs.test);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const samples = [sample('chat', programs.chat), sample('test', programs.test)];

/** Whatever is published, the answer says what became of it, in time. */
async function tryPublish(path: string, program: Uint8Array): Promise<boolean> {
  const body = Uint8Array.from(program);
  const answer = await fetch(`${server.url}/v1/database${path}`, {
    method: 'PUT',
    headers: authorization(owner),
    body,
  });
  const text = await answer.text();
  expect([200, 400, 500], text).toContain(answer.status);
  expect(text).not.toMatch(/thread has ended|Internal Server Error/);
  return answer.status === 200;
}

async function expectAlive(): Promise<void> {
  expect((await fetch(`${server.url}/v1/ping`)).status).toBe(200);
  expect(await sql(server.url, 'chat', owner, 'SELECT * FROM message')).toEqual([]);
}

test(`mutated modules leave the server as it was (seed ${seed})`, { timeout: 3_600_000 }, async () => {
  for (let i = 0; i < runs; i++) {
    const random = new Random(seed + i);
    const program = mutateModule(random.pick(samples), random);
    const isNew = random.below(2) === 0;
    const name = isNew ? `fuzzed-${i}` : 'victim';
    if (await tryPublish(`/${name}`, program)) {
      const path = `${server.url}/v1/database/${name}/call/send_message`;
      const headers = { ...authorization(owner), 'content-type': 'application/json' };
      const answer = await fetch(path, { method: 'POST', headers, body: '["hello"]' });
      // 403 and 503: its client_connected, as damaged as the rest, refuses the caller or exhausts its budget.
      expect([200, 400, 402, 403, 404, 503, 530], await answer.text()).toContain(answer.status);
      const deleted = { method: 'DELETE', headers: authorization(owner) };
      if (isNew) await fetch(`${server.url}/v1/database/${name}`, deleted);
    }
    if (i % 4 === 0) await expectAlive();
  }
  await expectAlive();
});

test(`modules that describe anything leave it so too (seed ${seed})`, { timeout: 3_600_000 }, async () => {
  const definitions = fc.sample(
    fc.tuple(randomDefinition, fc.array(fc.tuple(fc.nat(10_000), fc.nat(4096)), { maxLength: 2 })),
    {
      seed,
      numRuns: runs,
    },
  );
  for (const [i, [definition, edits]] of definitions.entries()) {
    const program = describingModule(mutateBytes(encodeDefinition(definition), edits));
    await tryPublish(i % 2 === 0 ? '/described' : '/described?clear=true', program);
    if (i % 4 === 0) await expectAlive();
  }
  await expectAlive();
  // Whatever became of the definitions, which may all be bad: a good one is taken.
  expect(await tryPublish('/described?clear=true', programs.chat)).toBe(true);
});
