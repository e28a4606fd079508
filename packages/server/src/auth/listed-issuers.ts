import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { IssuerConfig } from '../config.ts';
import { ServerError } from '../errors.ts';
import type { ListedIssuer } from './foreign-issuers.ts';
import { KeySet } from './key-set.ts';
import { warnIfExposed } from './warn-if-exposed.ts';
import { readPublicPems } from './public-pems.ts';
import { publicVerificationKey, secretVerificationKey } from './verification-key.ts';

/**
 * Reads the key files of the issuers that `config.toml` lists.
 * @throws ServerError `SERVER_KEYS_UNUSABLE` naming the file
 */
export function loadListedIssuers(issuers: readonly IssuerConfig[], log: Logger): Promise<ListedIssuer[]> {
  return Promise.all(
    issuers.map(async ({ issuer, keys }) => ({
      issuer,
      keys: keys === undefined ? undefined : await loadKeys(keys, log),
    })),
  );
}

async function loadKeys({ kind, path }: NonNullable<IssuerConfig['keys']>, log: Logger): Promise<KeySet> {
  try {
    const bytes = await readFile(path);
    if (kind === 'public') return readPublicKeys(bytes);
    await warnIfExposed(path, log);
    return new KeySet([secretVerificationKey(withoutLineEnd(bytes))]);
  } catch (cause) {
    throw new ServerError('SERVER_KEYS_UNUSABLE', `${path}: ${(cause as Error).message}`, { cause });
  }
}

function readPublicKeys(bytes: Buffer): KeySet {
  const text = bytes.toString();
  if (text.trimStart().startsWith('{')) return KeySet.fromJwks(JSON.parse(text));
  return new KeySet(readPublicPems(text).map((key) => publicVerificationKey(key)));
}

/** Editors and `echo` end a file with a line end, which no issuer has in its secret. */
function withoutLineEnd(secret: Buffer): Buffer {
  return Buffer.from(secret.toString('latin1').replace(/\r?\n$/u, ''), 'latin1');
}
