import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ServerError } from '../errors.ts';
import { writeWhole } from '../write-whole.ts';
import { warnIfExposed } from './warn-if-exposed.ts';
import { readPublicPems } from './public-pems.ts';
import { publicVerificationKey } from './verification-key.ts';

/** The pair that signs and verifies this server's tokens, ECDSA on P-256, and those that did before. */
export interface ServerKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** What `/v1/identity/public-key` serves: the file's text as it is. */
  readonly publicPem: string;
  /** Public keys of former pairs: tokens signed with them are still accepted. */
  readonly retired: readonly KeyObject[];
}

/** A pair that no file holds: tokens signed with it end with the process. */
export function generateKeyPair(): ServerKeys {
  const { privatePem, publicPem } = generatePem();
  return fromPem(privatePem, publicPem, []);
}

/** The pair in `<folder>/id_ecdsa` and `id_ecdsa.pub`, made if neither is there. */
export function loadKeyPairFrom(folder: string, log: Logger): Promise<ServerKeys> {
  return loadKeyPair(join(folder, 'id_ecdsa'), join(folder, 'id_ecdsa.pub'), log);
}

/**
 * Reads a pair, or makes it if neither file is there; and the former public keys, one PEM after the other, in
 * `<publicPath>.retired`, if that file is there. So a key is replaced like this, with the server stopped:
 *
 *     cat id_ecdsa.pub >> id_ecdsa.pub.retired && rm id_ecdsa.pub id_ecdsa
 *
 * A start then makes a new pair, and accepts old tokens until the file is deleted.
 * @throws ServerError `SERVER_KEYS_UNUSABLE` when the private key is missing or one of the two is not what it should be
 */
export async function loadKeyPair(privatePath: string, publicPath: string, log: Logger): Promise<ServerKeys> {
  try {
    return await readOrMake(privatePath, publicPath, log);
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    throw new ServerError(
      'SERVER_KEYS_UNUSABLE',
      `${privatePath} and ${publicPath}: expected the PEM files of one ECDSA P-256 pair, or a folder to make them in; ` +
        `${(cause as Error).message}. Mend that, or choose others: --jwt-key-dir names another folder.`,
      { cause },
    );
  }
}

async function readOrMake(privatePath: string, publicPath: string, log: Logger): Promise<ServerKeys> {
  const retired = await loadRetired(`${publicPath}.retired`);
  const [privatePem, publicPem] = [await readIfThere(privatePath), await readIfThere(publicPath)];
  if (privatePem === undefined && publicPem === undefined) {
    const made = generatePem();
    // The private key comes first: a process that is killed between the two is mended below.
    await writeWhole(privatePath, made.privatePem, 0o600);
    await writeWhole(publicPath, made.publicPem, 0o644);
    return fromPem(made.privatePem, made.publicPem, retired);
  }
  if (privatePem === undefined) {
    throw new ServerError(
      'SERVER_KEYS_UNUSABLE',
      `${publicPath} is there and ${privatePath} is not. Restore the private key, or delete the public one to make a ` +
        'new pair (tokens issued before are then refused).',
    );
  }
  await warnIfExposed(privatePath, log);
  if (publicPem !== undefined) return fromPem(privatePem, publicPem, retired);
  const derived = publicPemOf(createPrivateKey(privatePem));
  await writeWhole(publicPath, derived, 0o644);
  return fromPem(privatePem, derived, retired);
}

async function loadRetired(path: string): Promise<readonly KeyObject[]> {
  const text = await readIfThere(path);
  if (text === undefined) return [];
  try {
    return readPublicPems(text).map((key) => publicVerificationKey(key).key);
  } catch (cause) {
    throw new ServerError(
      'SERVER_KEYS_UNUSABLE',
      `${path}: expected the PEM texts of public keys, one after the other; ${(cause as Error).message}`,
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

function fromPem(privatePem: string, publicPem: string, retired: readonly KeyObject[]): ServerKeys {
  const privateKey = createPrivateKey(privatePem);
  const publicKey = createPublicKey(publicPem);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('the curve is not P-256');
  if (publicPemOf(privateKey) !== publicPemOf(publicKey)) throw new Error('the two do not belong together');
  return { privateKey, publicKey, publicPem, retired };
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
