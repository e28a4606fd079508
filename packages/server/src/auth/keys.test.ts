import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pino } from 'pino';
import { loadKeyPairFrom } from './keys.ts';

const log = pino({ level: 'silent' });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a pair is made once, private to its owner, and read again', async () => {
  const made = await loadKeyPairFrom(join(folder, 'new'), log);
  expect((await stat(join(folder, 'new', 'id_ecdsa'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, 'new', 'id_ecdsa'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/u);
  expect(made.publicPem).toMatch(/^-----BEGIN PUBLIC KEY-----/u);
  expect((await loadKeyPairFrom(join(folder, 'new'), log)).publicPem).toBe(made.publicPem);
  expect((await readdir(join(folder, 'new'))).toSorted()).toEqual(['id_ecdsa', 'id_ecdsa.pub']);
});

test('a process killed between the two files leaves a pair that the next one mends', async () => {
  const made = await loadKeyPairFrom(folder, log);
  await rm(join(folder, 'id_ecdsa.pub'));
  expect((await loadKeyPairFrom(folder, log)).publicPem).toBe(made.publicPem);
  expect(await readFile(join(folder, 'id_ecdsa.pub'), 'utf8')).toBe(made.publicPem);
});

test('a public key without its private one is refused, as a new one would void all tokens', async () => {
  await loadKeyPairFrom(folder, log);
  await rm(join(folder, 'id_ecdsa'));
  await expect(loadKeyPairFrom(folder, log)).rejects.toMatchObject({
    code: 'SERVER_KEYS_UNUSABLE',
    message: expect.stringContaining('Restore the private key'),
  });
});

test.each([
  { what: 'nonsense', pem: 'nonsense' },
  { what: 'another curve', pem: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey },
  { what: 'another pair', pem: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
])('a private key file with $what is refused', async ({ pem }) => {
  await loadKeyPairFrom(folder, log);
  const text = typeof pem === 'string' ? pem : pem.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(folder, 'id_ecdsa'), text);
  await expect(loadKeyPairFrom(folder, log)).rejects.toMatchObject({ code: 'SERVER_KEYS_UNUSABLE' });
});

test('a former public key stays good for old tokens, and a start makes the new pair', async () => {
  const former = await loadKeyPairFrom(folder, log);
  // As the documentation says: cat id_ecdsa.pub >> id_ecdsa.pub.retired && rm id_ecdsa.pub id_ecdsa
  await appendFile(join(folder, 'id_ecdsa.pub.retired'), former.publicPem);
  await rm(join(folder, 'id_ecdsa.pub'));
  await rm(join(folder, 'id_ecdsa'));
  const second = await loadKeyPairFrom(folder, log);
  await appendFile(join(folder, 'id_ecdsa.pub.retired'), `and again\n${second.publicPem}`);
  const { retired, publicPem } = await loadKeyPairFrom(folder, log);
  expect(publicPem).toBe(second.publicPem);
  expect(publicPem).not.toBe(former.publicPem);
  expect(retired.map((key) => key.export({ type: 'spki', format: 'pem' }))).toEqual([
    former.publicPem,
    second.publicPem,
  ]);
});

test.each([
  { what: 'nothing in it', text: '', problem: 'it has no block' },
  { what: 'a private key', text: generatePrivatePem(), problem: 'it has a block -----BEGIN PRIVATE KEY-----' },
  {
    what: 'a broken key',
    text: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    problem: 'no public key',
  },
])('a file of former keys with $what is refused', async ({ text, problem }) => {
  await writeFile(join(folder, 'id_ecdsa.pub.retired'), text);
  await expect(loadKeyPairFrom(folder, log)).rejects.toMatchObject({
    code: 'SERVER_KEYS_UNUSABLE',
    message: expect.stringContaining(problem),
  });
});

function generatePrivatePem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

test.skipIf(process.platform === 'win32')('a private key that others may read is warned of', async () => {
  const lines: string[] = [];
  const listening = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await loadKeyPairFrom(folder, listening);
  await loadKeyPairFrom(folder, listening);
  expect(lines).toEqual([]);
  await chmod(join(folder, 'id_ecdsa'), 0o644);
  await loadKeyPairFrom(folder, listening);
  expect(lines).toEqual([expect.stringContaining('chmod 600')]);
});
