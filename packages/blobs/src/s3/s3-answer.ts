import type { BlobInfo } from '../blob-store.ts';

/** What a service says when it refuses: `<Error><Code>SlowDown</Code><Message>…</Message></Error>`. */
export interface S3Refusal {
  readonly status: number;
  /** Empty if the answer has none, as those of proxies. */
  readonly code: string;
  readonly message: string;
}

export function readRefusal(status: number, body: string): S3Refusal {
  return { status, code: elementOf(body, 'Code') ?? '', message: elementOf(body, 'Message') ?? '' };
}

export interface ListPage {
  readonly blobs: BlobInfo[];
  /** Asks for the next page; undefined on the last. */
  readonly continuation: string | undefined;
}

/**
 * Reads the answer to `ListObjectsV2`: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 *
 * @returns undefined if it is none
 */
export function readListPage(body: string): ListPage | undefined {
  if (!/<ListBucketResult[\s>]/.test(body)) return undefined;
  const blobs: BlobInfo[] = [];
  for (const [, content = ''] of body.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
    const key = elementOf(content, 'Key');
    const size = Number(elementOf(content, 'Size'));
    const modifiedAt = Date.parse(elementOf(content, 'LastModified') ?? '');
    const etag = elementOf(content, 'ETag');
    if (key === undefined || etag === undefined || !Number.isSafeInteger(size) || Number.isNaN(modifiedAt)) {
      return undefined;
    }
    blobs.push({ key, size, modifiedAt, etag });
  }
  const isTruncated = elementOf(body, 'IsTruncated') === 'true';
  const continuation = elementOf(body, 'NextContinuationToken');
  if (isTruncated && continuation === undefined) return undefined;
  return { blobs, continuation: isTruncated ? continuation : undefined };
}

/** The text of the first element of a name that has no elements in it. */
function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (entity, name, decimal, hex) => {
    if (name !== undefined) return ENTITIES[name as string] ?? entity;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10_ffff ? String.fromCodePoint(point) : entity;
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
