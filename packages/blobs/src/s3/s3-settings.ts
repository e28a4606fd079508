import { BlobError } from '../errors.ts';

/** Where a bucket is, and who asks. */
export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Of a service other than Amazon's: `https://host[:port]`. */
  readonly endpoint: string | undefined;
  /** Whether the bucket is the first label of the host, and not the first name of the path. */
  readonly isVirtualHosted: boolean;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  };
}

/**
 * Reads what is not in `s3://bucket/prefix` from the variables that other programs read it from: `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`; `AWS_REGION` or `AWS_DEFAULT_REGION` (us-east-1 unless told);
 * `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` for another service than Amazon's, whose buckets are in the path unless
 * `AWS_VIRTUAL_HOSTED_STYLE_REQUEST` is `true`.
 *
 * @throws BlobError `BLOB_INVALID_LOCATION`, naming the variable
 */
export function readS3Settings(bucket: string, env: Readonly<Record<string, string | undefined>>): S3Settings {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw invalid(`${JSON.stringify(bucket)} is no name of a bucket: 3 to 63 small letters, digits, dots and hyphens`);
  }
  const endpointName = valueOf(env, 'AWS_ENDPOINT_URL_S3') === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';
  const endpoint = valueOf(env, endpointName);
  if (endpoint !== undefined) checkEndpoint(endpointName, endpoint);
  const accessKeyId = valueOf(env, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = valueOf(env, 'AWS_SECRET_ACCESS_KEY');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw invalid(`no credentials for s3://${bucket}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  }
  return {
    bucket,
    region: valueOf(env, 'AWS_REGION') ?? valueOf(env, 'AWS_DEFAULT_REGION') ?? 'us-east-1',
    endpoint,
    // A certificate for all buckets of a host does not cover names with dots in them.
    isVirtualHosted:
      endpoint === undefined ? !bucket.includes('.') : valueOf(env, 'AWS_VIRTUAL_HOSTED_STYLE_REQUEST') === 'true',
    credentials: { accessKeyId, secretAccessKey, sessionToken: valueOf(env, 'AWS_SESSION_TOKEN') },
  };
}

/** The URL under which a bucket's keys are, without a slash at the end. */
export function bucketUrl({ bucket, region, endpoint, isVirtualHosted }: S3Settings): string {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (isVirtualHosted) url.hostname = `${bucket}.${url.hostname}`;
  else url.pathname = `${url.pathname.replace(/\/$/, '')}/${bucket}`;
  return url.href.replace(/\/$/, '');
}

function checkEndpoint(name: string, endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isPlain = url !== undefined && url.search === '' && url.hash === '' && url.username === '';
  if (isPlain && (url.protocol === 'https:' || url.protocol === 'http:')) return;
  throw invalid(`${name}=${JSON.stringify(endpoint)}: expected a URL such as https://storage.example:9000`);
}

/** An empty variable is as good as none. */
function valueOf(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function invalid(message: string): BlobError {
  return new BlobError('BLOB_INVALID_LOCATION', message);
}
