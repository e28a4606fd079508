import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadKeyPairFrom } from './keys.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a pair is made once, private to its owner, and read again', async () => {
  const made = await loadKeyPairFrom(join(folder, 'new'));
  expect((await stat(join(folder, 'new', 'id_ecdsa'))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, 'new', 'id_ecdsa'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/u);
  expect(made.publicPem).toMatch(/^-----BEGIN PUBLIC KEY-----/u);
  expect((await loadKeyPairFrom(join(folder, 'new'))).publicPem).toBe(made.publicPem);
  expect((await readdir(join(folder, 'new'))).toSorted()).toEqual(['id_ecdsa', 'id_ecdsa.pub']);
});

test('a process killed between the two files leaves a pair that the next one mends', async () => {
  const made = await loadKeyPairFrom(folder);
  await rm(join(folder, 'id_ecdsa.pub'));
  expect((await loadKeyPairFrom(folder)).publicPem).toBe(made.publicPem);
  expect(await readFile(join(folder, 'id_ecdsa.pub'), 'utf8')).toBe(made.publicPem);
});

test('a public key without its private one is refused, as a new one would void all tokens', async () => {
  await loadKeyPairFrom(folder);
  await rm(join(folder, 'id_ecdsa'));
  await expect(loadKeyPairFrom(folder)).rejects.toMatchObject({
    code: 'SERVER_KEYS_UNUSABLE',
    message: expect.stringContaining('Restore the private key'),
  });
});

test.each([
  { what: 'nonsense', pem: 'nonsense' },
  { what: 'another curve', pem: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey },
  { what: 'another pair', pem: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
])('a private key file with $what is refused', async ({ pem }) => {
  await loadKeyPairFrom(folder);
  const text = typeof pem === 'string' ? pem : pem.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(folder, 'id_ecdsa'), text);
  await expect(loadKeyPairFrom(folder)).rejects.toMatchObject({ code: 'SERVER_KEYS_UNUSABLE' });
});
