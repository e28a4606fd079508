import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/**
 * The URL of a request as its client wrote it, from what proxies say of it; modules build links of it.
 * @throws HttpError 400 for a target with characters that no URL has
 */
export function externalUrl({ url = '', headers }: IncomingMessage): string {
  if (!/^[!"$-;=?-_a-~]*$/u.test(url)) throw new HttpError(400, 'Invalid URL');
  if (!url.startsWith('/')) return url;
  const scheme = firstOf(headers['x-forwarded-proto']) ?? '';
  const host = firstOf(headers['x-forwarded-host']) ?? '';
  const authority = [host, headers.host ?? ''].find((candidate) => /^[\w.~%!$&'()*+,;=:[\]-]+$/u.test(candidate));
  return `${/^https?$/iu.test(scheme) ? scheme.toLowerCase() : 'http'}://${authority ?? 'localhost'}${url}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return text?.split(',')[0]?.trim();
}
