/** One request on the wire: what a redirect makes anew. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
  readonly body: Uint8Array;
}

const NO_BODY = new Uint8Array(0);

/** Meant for the server that they were written for. */
const SECRET_HEADERS = new Set([
  'authorization',
  'cookie',
  'cookie2',
  'proxy-authorization',
  'www-authenticate',
  'host',
]);
/** Say what the body is. */
const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);

/**
 * The request that an answer redirects to (RFC 9110 §15.4); undefined if it does not, or to nothing
 * that is a URL. The method becomes GET where browsers do the same, and another origin does not get
 * what was meant for the first.
 */
export function redirectedHop(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, hop.url.href)) return undefined;
  const url = new URL(location, hop.url);
  const keepsMethod = status === 307 || status === 308 || hop.method === 'GET' || hop.method === 'HEAD';
  const isSameOrigin = url.origin === hop.url.origin;
  const headers = hop.headers.filter(({ name }) => {
    const key = name.toLowerCase();
    return (isSameOrigin || !SECRET_HEADERS.has(key)) && (keepsMethod || !BODY_HEADERS.has(key));
  });
  return { url, headers, method: keepsMethod ? hop.method : 'GET', body: keepsMethod ? hop.body : NO_BODY };
}
