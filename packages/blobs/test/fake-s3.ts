import { createHash } from 'node:crypto';

/** What goes wrong with one request. `lost`: it takes effect, and the connection breaks before the answer. */
export type FakeFault = { readonly status: number; readonly code?: string } | 'refused' | 'lost';

const PAGE_SIZE = 100;

/** As much of an S3 service as a store asks for, behind `fetch`: one bucket in memory. */
export class FakeS3 {
  readonly requests: string[] = [];
  readonly delaysMs: number[] = [];
  /** Asked with each request, by its number from 0. */
  faultOf: (request: number, method: string) => FakeFault | undefined = () => undefined;
  heedsRanges = true;
  readonly #blobsByKey = new Map<string, Uint8Array>();
  readonly #root: string;

  /** @param root the URL of the bucket */
  constructor(root: string) {
    this.#root = root;
  }

  fetch = async (request: Request): Promise<Response> => {
    const number = this.requests.length;
    this.requests.push(`${request.method} ${request.url}`);
    const fault = this.faultOf(number, request.method);
    if (fault === 'refused') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    if (typeof fault === 'object') return refusal(fault.status, fault.code ?? '');
    const response = await this.#answer(request);
    if (fault === 'lost') throw new TypeError('fetch failed', { cause: new Error('other side closed') });
    return response;
  };

  delay = (ms: number): Promise<void> => {
    this.delaysMs.push(ms);
    return Promise.resolve();
  };

  random = (): number => 0.5;

  async #answer(request: Request): Promise<Response> {
    const { method, headers } = request;
    const body = new Uint8Array(await request.arrayBuffer());
    const url = new URL(request.url);
    if (!request.url.startsWith(this.#root)) return refusal(404, 'NoSuchBucket');
    if (!/^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/[^/]+\/s3\/aws4_request, /.test(headers.get('authorization') ?? '')) {
      return refusal(403, 'AccessDenied');
    }
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex');
    if (headers.get('x-amz-content-sha256') !== digest) return refusal(400, 'XAmzContentSHA256Mismatch');
    const key = decodeURIComponent(request.url.slice(this.#root.length + 1));
    if (url.searchParams.get('list-type') === '2') return this.#list(url.searchParams);
    switch (method) {
      case 'PUT':
        if (headers.get('if-none-match') === '*' && this.#blobsByKey.has(key)) {
          return refusal(412, 'PreconditionFailed');
        }
        if (headers.has('if-match')) {
          const current = this.#blobsByKey.get(key);
          if (current === undefined) return refusal(404, 'NoSuchKey');
          if (etagOf(current) !== headers.get('if-match')) return refusal(412, 'PreconditionFailed');
        }
        this.#blobsByKey.set(key, body);
        return new Response(null, { status: 200, headers: { etag: etagOf(body) } });
      case 'DELETE':
        this.#blobsByKey.delete(key);
        return new Response(null, { status: 204 });
      default:
        return this.#get(key, headers.get('range'));
    }
  }

  #get(key: string, range: string | null): Response {
    const blob = this.#blobsByKey.get(key);
    if (blob === undefined) return refusal(404, 'NoSuchKey');
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (start === undefined || !this.heedsRanges) return new Response(blob.slice());
    if (Number(start) >= blob.length) return refusal(416, 'InvalidRange');
    return new Response(blob.slice(Number(start), Number(last) + 1), { status: 206 });
  }

  #list(query: URLSearchParams): Response {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const keys = [...this.#blobsByKey.keys(), 'a folder/']
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort();
    const page = keys.slice(0, PAGE_SIZE);
    const contents = page.map((key) => {
      const blob = this.#blobsByKey.get(key) ?? new Uint8Array(0);
      const etag = etagOf(blob).replaceAll('"', '&quot;');
      const modified = new Date().toISOString();
      return `<Contents><Key>${key.replaceAll('=', '&#61;')}</Key><LastModified>${modified}</LastModified><ETag>${etag}</ETag><Size>${blob.length}</Size></Contents>`;
    });
    const isTruncated = keys.length > PAGE_SIZE;
    const next = isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const head = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`;
    return new Response(
      `${head}<IsTruncated>${isTruncated}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
  }
}

/** As of S3 for what was put in one piece. */
function etagOf(blob: Uint8Array): string {
  return `"${createHash('md5').update(blob).digest('hex')}"`;
}

function refusal(status: number, code: string): Response {
  return new Response(code === '' ? 'no XML' : `<Error><Code>${code}</Code><Message>said the fake</Message></Error>`, {
    status,
  });
}
