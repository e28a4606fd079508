import { AwsClient } from 'aws4fetch';
import { BlobError } from '../errors.ts';
import { readRefusal } from './s3-answer.ts';
import type { S3Refusal } from './s3-answer.ts';
import { readBody } from './read-body.ts';
import { bucketUrl } from './s3-settings.ts';
import type { S3Settings } from './s3-settings.ts';
import { SilenceTimer } from './silence-timer.ts';
import type { StartTimer } from './silence-timer.ts';

const MAX_TRIES = 6;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** How long nothing may be heard of the other side; while a body is sent, as long again as that takes on a slow line. */
const SILENCE_MS = 30_000;
const SLOW_BYTES_PER_MS = 256;

/** Codes that mean "later" whatever the status is. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'Throttling',
  'ThrottlingException',
  'ConditionalRequestConflict',
  'OperationAborted',
]);
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** What requests take from the world; that of the platform unless told. */
export interface S3Runtime {
  fetch(request: Request): Promise<Response>;
  delay(ms: number): Promise<void>;
  /** From 0 up to 1. */
  random(): number;
  readonly startTimer: StartTimer;
}

const PLATFORM: S3Runtime = {
  fetch: (request) => fetch(request),
  delay: (ms) =>
    new Promise((done) => {
      setTimeout(done, ms);
    }),
  random: () => Math.random(),
  startTimer: (ms, expired) => {
    const timer = setTimeout(expired, ms);
    return () => clearTimeout(timer);
  },
};

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Of the bucket's URL on: `/key` or `?query`, encoded. */
  readonly path: string;
  /** For messages: `reading s3://bucket/key`. */
  readonly deed: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** An answer of a status that the caller expects, or a refusal that is not for trying again. */
export type S3Answer =
  | { readonly isOk: true; readonly status: number; readonly body: Uint8Array; readonly tries: number }
  | { readonly isOk: false; readonly refusal: S3Refusal; readonly tries: number };

/** Sends signed requests to one bucket, and sends again what failed for a reason that passes. */
export class S3Requests {
  readonly #client: AwsClient;
  readonly #url: string;
  readonly #runtime: S3Runtime;

  constructor(settings: S3Settings, runtime: Partial<S3Runtime> = {}) {
    const { accessKeyId, secretAccessKey, sessionToken } = settings.credentials;
    this.#client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: 's3',
      region: settings.region,
    });
    this.#url = bucketUrl(settings);
    this.#runtime = { ...PLATFORM, ...runtime };
  }

  /**
   * @throws BlobError `BLOB_UNAVAILABLE` after the last try, `BLOB_TOO_LARGE` for an answer that is
   * @throws the reason of `signal` when that is aborted
   */
  async send(request: S3Request, signal?: AbortSignal): Promise<S3Answer> {
    signal?.throwIfAborted();
    const body = request.body ?? new Uint8Array(0);
    const headers = { ...request.headers, 'x-amz-content-sha256': await sha256Hex(body) };
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(request, headers, signal);
      signal?.throwIfAborted();
      if (outcome.kind === 'answered') return { isOk: true, status: outcome.status, body: outcome.body, tries };
      const isTransient = outcome.kind === 'failed' || isWorthAnotherTry(outcome.refusal);
      if (outcome.kind === 'refused' && !isTransient) return { isOk: false, refusal: outcome.refusal, tries };
      if (tries === MAX_TRIES) {
        const reason = outcome.kind === 'refused' ? describeRefusal(outcome.refusal) : reasonOf(outcome.cause);
        const cause = outcome.kind === 'failed' ? outcome.cause : undefined;
        throw new BlobError('BLOB_UNAVAILABLE', `${request.deed}: tried ${tries} times, at last ${reason}`, { cause });
      }
      const most = Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), MAX_DELAY_MS);
      // Not at the same moment as all others that were told to slow down.
      await untilAborted(this.#runtime.delay(most * (0.5 + this.#runtime.random() / 2)), signal);
    }
  }

  async #try(
    request: S3Request,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<TryOutcome> {
    const { method, path, body } = request;
    using silence = new SilenceTimer(this.#runtime.startTimer);
    const signed = await this.#client.sign(this.#url + path, {
      method,
      headers,
      // Not copied: the bytes stay as they are until the put settles.
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: 'manual',
      signal: signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]),
    });
    try {
      silence.allow(SILENCE_MS + Math.ceil((body?.length ?? 0) / SLOW_BYTES_PER_MS));
      const response = await this.#runtime.fetch(signed);
      silence.allow(SILENCE_MS);
      const answer = await readBody(response, request.deed, () => silence.allow(SILENCE_MS));
      if (response.ok) return { kind: 'answered', status: response.status, body: answer };
      return { kind: 'refused', refusal: readRefusal(response.status, new TextDecoder().decode(answer)) };
    } catch (cause) {
      if (cause instanceof BlobError) throw cause;
      return { kind: 'failed', cause };
    }
  }
}

type TryOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly refusal: S3Refusal }
  | { readonly kind: 'failed'; readonly cause: unknown };

export function describeRefusal({ status, code, message }: S3Refusal): string {
  return `HTTP ${status}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}`;
}

function isWorthAnotherTry({ status, code }: S3Refusal): boolean {
  return TRANSIENT_STATUSES.has(status) || TRANSIENT_CODES.has(code);
}

/** What `promise` resolves with, unless `signal` is aborted before: then its reason. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What `fetch` says is in the cause of what it throws. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
