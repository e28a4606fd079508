import type { ByteRange } from './blob-store.ts';
import { BlobError } from './errors.ts';

const MAX_KEY_LENGTH = 900;
const NAME = /^[A-Za-z0-9_=+@-][A-Za-z0-9._=+@-]{0,199}$/;
const START_OF_NAME = /^(?:[A-Za-z0-9_=+@-][A-Za-z0-9._=+@-]{0,199})?$/;

/**
 * Checks a key: names with `/` between them, 900 characters at most. A name has 1 to 200 of `A-Z a-z 0-9 . _ = + @ -`
 * and does not begin with a dot, so it means itself in a URL and in every file system, and leads out of no folder.
 *
 * @throws BlobError `BLOB_INVALID_KEY`
 */
export function checkBlobKey(key: string): void {
  if (!isBlobKey(key)) throw invalid(key, 'key');
}

export function isBlobKey(text: string): boolean {
  return text.length <= MAX_KEY_LENGTH && text.split('/').every((name) => NAME.test(name));
}

/**
 * Checks a prefix of keys: '' or the beginning of a key, which may end with `/`.
 *
 * @throws BlobError `BLOB_INVALID_KEY`
 */
export function checkBlobPrefix(prefix: string): void {
  const names = prefix.split('/');
  const last = names.pop() ?? '';
  if (prefix.length <= MAX_KEY_LENGTH && names.every((name) => NAME.test(name)) && START_OF_NAME.test(last)) return;
  throw invalid(prefix, 'prefix');
}

/** @throws RangeError for a range that is none: the caller's bug */
export function checkByteRange(range: ByteRange): void {
  const { start, end } = range;
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw new RangeError(`expected a range of bytes, found ${start} to ${end}`);
}

function invalid(key: string, what: string): BlobError {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
  return new BlobError(
    'BLOB_INVALID_KEY',
    `${shown} is no ${what} of a blob: expected names of 1 to 200 letters, digits and . _ = + @ - that do not begin ` +
      `with a dot, with / between them, ${MAX_KEY_LENGTH} characters at most`,
  );
}
