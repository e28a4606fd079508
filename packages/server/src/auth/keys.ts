import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServerError } from '../errors.ts';

/** The pair that signs and verifies this server's tokens: ECDSA on P-256. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** What `/v1/identity/public-key` serves: the file's text as it is. */
  readonly publicPem: string;
}

/** A pair that no file holds: tokens signed with it end with the process. */
export function generateKeyPair(): KeyPair {
  const { privatePem, publicPem } = generatePem();
  return fromPem(privatePem, publicPem);
}

/** The pair in `<folder>/id_ecdsa` and `id_ecdsa.pub`, made if neither is there. */
export function loadKeyPairFrom(folder: string): Promise<KeyPair> {
  return loadKeyPair(join(folder, 'id_ecdsa'), join(folder, 'id_ecdsa.pub'));
}

/**
 * Reads a pair, or makes it if neither file is there.
 * @throws ServerError `SERVER_KEYS_UNUSABLE` when the private key is missing or one of the two is not what it should be
 */
export async function loadKeyPair(privatePath: string, publicPath: string): Promise<KeyPair> {
  const [privatePem, publicPem] = [await readIfThere(privatePath), await readIfThere(publicPath)];
  if (privatePem === undefined && publicPem === undefined) {
    const made = generatePem();
    // The private key comes first: a process that is killed between the two is mended below.
    await writeWhole(privatePath, made.privatePem, 0o600);
    await writeWhole(publicPath, made.publicPem, 0o644);
    return fromPem(made.privatePem, made.publicPem);
  }
  if (privatePem === undefined) {
    throw new ServerError(
      'SERVER_KEYS_UNUSABLE',
      `${publicPath} is there and ${privatePath} is not. Restore the private key, or delete the public one to make a ` +
        'new pair (tokens issued before are then refused).',
    );
  }
  try {
    if (publicPem !== undefined) return fromPem(privatePem, publicPem);
    const derived = publicPemOf(createPrivateKey(privatePem));
    await writeWhole(publicPath, derived, 0o644);
    return fromPem(privatePem, derived);
  } catch (cause) {
    throw new ServerError(
      'SERVER_KEYS_UNUSABLE',
      `${privatePath} and ${publicPath}: expected the PEM files of one ECDSA P-256 pair; ${(cause as Error).message}`,
      { cause },
    );
  }
}

function generatePem(): { privatePem: string; publicPem: string } {
  const { privateKey: privatePem, publicKey: publicPem } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privatePem, publicPem };
}

function fromPem(privatePem: string, publicPem: string): KeyPair {
  const privateKey = createPrivateKey(privatePem);
  const publicKey = createPublicKey(publicPem);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('the curve is not P-256');
  if (publicPemOf(privateKey) !== publicPemOf(publicKey)) throw new Error('the two do not belong together');
  return { privateKey, publicKey, publicPem };
}

function publicPemOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a file that is never seen half written. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
