import { Decrypter, Encrypter } from 'age-encryption';
import { BlobError } from '../errors.ts';

/** What opens files of the format age (https://age-encryption.org/v1), and what they are made for. */
export type AgeKeys = AgePassphrase | AgeIdentities;

export interface AgePassphrase {
  readonly passphrase: string;
  /** How hard a guess is: scrypt with N of two to this. What is read may have up to 20. */
  readonly scryptLogN?: number;
}

export interface AgeIdentities {
  /** `age1…`: who may read what is written. */
  readonly recipients: readonly string[];
  /** `AGE-SECRET-KEY-1…`: what is read with. */
  readonly identities: readonly string[];
}

/** @throws BlobError `BLOB_WRONG_KEY` if a recipient is none */
export async function ageEncrypt(keys: AgeKeys, scryptLogN: number, bytes: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  try {
    if ('passphrase' in keys) {
      encrypter.setPassphrase(keys.passphrase);
      encrypter.setScryptWorkFactor(keys.scryptLogN ?? scryptLogN);
    } else for (const recipient of keys.recipients) encrypter.addRecipient(recipient);
    return await encrypter.encrypt(bytes);
  } catch (cause) {
    throw new BlobError('BLOB_WRONG_KEY', `nothing can be encrypted: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * @param what is told in errors
 * @throws BlobError `BLOB_WRONG_KEY`: it was made for other keys, or is damaged just there; `BLOB_DAMAGED`
 */
export async function ageDecrypt(keys: AgeKeys, bytes: Uint8Array, what: string): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  try {
    if ('passphrase' in keys) decrypter.addPassphrase(keys.passphrase);
    else for (const identity of keys.identities) decrypter.addIdentity(identity);
  } catch (cause) {
    throw new BlobError('BLOB_WRONG_KEY', `an identity is none: ${reasonOf(cause)}`, { cause });
  }
  try {
    return await decrypter.decrypt(bytes);
  } catch (cause) {
    if (reasonOf(cause).startsWith('no identity matched')) {
      const way = 'passphrase' in keys ? 'the passphrase is another one' : 'it is for none of the identities';
      throw new BlobError('BLOB_WRONG_KEY', `${what} cannot be decrypted: ${way}`, { cause });
    }
    throw new BlobError('BLOB_DAMAGED', `${what} is no whole file of age: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
