import { checkBlobKey, checkBlobPrefix, checkByteRange, isBlobKey } from '../blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { BlobError } from '../errors.ts';
import { MAX_BLOB_BYTES, blobTooLarge } from '../max-blob-bytes.ts';
import { readListPage } from './s3-answer.ts';
import type { S3Refusal } from './s3-answer.ts';
import { describeRefusal, S3Requests } from './s3-requests.ts';
import type { S3Request, S3Runtime } from './s3-requests.ts';
import type { S3Settings } from './s3-settings.ts';

const DENIED_STATUSES: ReadonlySet<number> = new Set([401, 403]);

/**
 * The objects of a bucket of Amazon S3 or of a service that speaks its protocol.
 *
 * Objects whose keys are no blob keys are not listed. `putIfAbsent` and `putIfMatch` need a service that heeds
 * `If-None-Match: *` and `If-Match` when it puts; one that says that it does not gives `BLOB_FAILED`. Its etags are those
 * of the service, which say what a blob contains: one that was changed and changed back has its old one.
 */
export class S3BlobStore implements BlobStore {
  readonly #bucket: string;
  readonly #requests: S3Requests;

  constructor(settings: S3Settings, runtime: Partial<S3Runtime> = {}) {
    this.#bucket = settings.bucket;
    this.#requests = new S3Requests(settings, runtime);
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const path = pathOf(key);
    if (range !== undefined) checkByteRange(range);
    const { start, end } = range ?? { start: 0, end: Number.POSITIVE_INFINITY };
    // HTTP has no empty range: one byte tells whether there is a blob.
    const last = Math.max(end, start + 1) - 1;
    const deed = this.#deed('reading', key);
    const headers = range === undefined ? undefined : { range: `bytes=${start}-${last}` };
    const answer = await this.#requests.send({ method: 'GET', path, deed, ...(headers && { headers }) }, signal);
    if (!answer.isOk) {
      if (answer.refusal.status === 416) return new Uint8Array(0); // the range lies behind the end
      if (isMissing(answer.refusal)) return undefined;
      throw this.#refused(deed, answer.refusal);
    }
    // A service may give the whole blob where a part was asked for.
    const partStart = answer.status === 206 ? start : 0;
    return range === undefined ? answer.body : answer.body.slice(start - partStart, Math.max(0, end - partStart));
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const request = this.#putRequest(key, bytes);
    const answer = await this.#requests.send(request, signal);
    if (!answer.isOk) throw this.#refused(request.deed, answer.refusal);
  }

  putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    return this.#putIf({ 'if-none-match': '*' }, key, bytes, signal);
  }

  putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#putIf({ 'if-match': etag }, key, bytes, signal);
  }

  async *list(prefix: string, after?: string, signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    checkBlobPrefix(prefix);
    const deed = this.#deed('listing', prefix);
    const query = new URLSearchParams({ 'list-type': '2', prefix });
    if (after !== undefined && after !== '') query.set('start-after', after);
    for (;;) {
      const answer = await this.#requests.send({ method: 'GET', path: `?${query.toString()}`, deed }, signal);
      if (!answer.isOk) throw this.#refused(deed, answer.refusal);
      const page = readListPage(new TextDecoder().decode(answer.body));
      if (page === undefined) throw new BlobError('BLOB_FAILED', `${deed}: the answer is no list of objects`);
      for (const blob of page.blobs) if (isBlobKey(blob.key)) yield blob;
      if (page.continuation === undefined) return;
      query.set('continuation-token', page.continuation);
    }
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const deed = this.#deed('deleting', key);
    const answer = await this.#requests.send({ method: 'DELETE', path: pathOf(key), deed }, signal);
    if (!answer.isOk && !isMissing(answer.refusal)) throw this.#refused(deed, answer.refusal);
  }

  async #putIf(
    condition: Readonly<Record<string, string>>,
    key: string,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const request = { ...this.#putRequest(key, bytes), headers: condition };
    const answer = await this.#requests.send(request, signal);
    if (answer.isOk) return true;
    // A blob to be replaced that is gone is none of that etag either.
    const isUnmet = answer.refusal.status === 412 || ('if-match' in condition && isMissing(answer.refusal));
    if (!isUnmet) throw this.#refused(request.deed, answer.refusal);
    // A try before this one may have put it, and its answer been lost.
    return answer.tries > 1 && areEqual(await this.get(key, undefined, signal), bytes);
  }

  #putRequest(key: string, bytes: Uint8Array): S3Request & { readonly body: Uint8Array } {
    const path = pathOf(key);
    const deed = this.#deed('writing', key);
    // It is one request, which S3 takes up to 5 GiB, sent again as a whole when it fails.
    if (bytes.length > MAX_BLOB_BYTES) throw blobTooLarge(deed, bytes.length);
    return { method: 'PUT', path, deed, body: bytes };
  }

  #deed(deed: string, key: string): string {
    return `${deed} s3://${this.#bucket}/${key}`;
  }

  #refused(deed: string, refusal: S3Refusal): BlobError {
    const message = `${deed}: ${describeRefusal(refusal)}`;
    if (DENIED_STATUSES.has(refusal.status)) {
      return new BlobError('BLOB_ACCESS_DENIED', `${message}. Check the access key, its rights and the clock.`);
    }
    if (refusal.code === 'NoSuchBucket') return new BlobError('BLOB_INVALID_LOCATION', message);
    if (refusal.code === 'EntityTooLarge') return new BlobError('BLOB_TOO_LARGE', message);
    if (refusal.code === 'ExistingObjectIsDirectory' || refusal.code === 'ObjectParentIsFile') {
      return new BlobError('BLOB_KEY_CONFLICT', `${message}. In this store a key cannot be the folder of another.`);
    }
    if (refusal.status >= 300 && refusal.status < 400) {
      const advice = 'The bucket is elsewhere: check AWS_REGION and AWS_ENDPOINT_URL_S3.';
      return new BlobError('BLOB_INVALID_LOCATION', `${message}. ${advice}`);
    }
    return new BlobError('BLOB_FAILED', message);
  }
}

function pathOf(key: string): string {
  checkBlobKey(key);
  return `/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** The status alone may speak of a bucket, a user, or what a proxy did not find. */
function isMissing({ code }: S3Refusal): boolean {
  return code === 'NoSuchKey';
}

function areEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
