import type { ByteReader, ByteWriter } from '@lightcone/sats';
import { SatsError } from '@lightcone/sats';
import { HTTP_VERSIONS } from './http-message.ts';
import type { HttpHeader, HttpRequest, HttpResponse, HttpVersion } from './http-message.ts';

// The BSATN forms of the module ABI (11 §4.11):
//
//     HttpRequest  = { method: HttpMethod, headers: HttpHeaders, timeout: Option<TimeDuration>, uri: string, version: HttpVersion }
//     HttpResponse = { headers: HttpHeaders, version: HttpVersion, code: u16 }
//     HttpHeaders  = { entries: array<{ name: string, value: array<u8> }> }

/** The order is that of the tags; the tag after them is an extension with its name. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const SOME = 0;
const NONE = 1;

/**
 * Header values are views of the reader's bytes; bytes after the request are ignored.
 *
 * @throws SatsError when it is no request
 */
export function readHttpRequest(reader: ByteReader): HttpRequest {
  return {
    method: readMethod(reader),
    headers: readHeaders(reader),
    timeoutMicros: readTag(reader, NONE, 'an option') === SOME ? reader.i64() : undefined,
    uri: reader.string(),
    version: readVersion(reader),
  };
}

export function writeHttpRequest(writer: ByteWriter, request: HttpRequest): void {
  writeMethod(writer, request.method);
  writeHeaders(writer, request.headers);
  if (request.timeoutMicros === undefined) {
    writer.u8(NONE);
  } else {
    writer.u8(SOME);
    writer.i64(request.timeoutMicros);
  }
  writer.string(request.uri);
  writeVersion(writer, request.version);
}

/**
 * Header values are views of the reader's bytes; bytes after the response are ignored.
 *
 * @throws SatsError when it is no response
 */
export function readHttpResponse(reader: ByteReader): HttpResponse {
  return { headers: readHeaders(reader), version: readVersion(reader), status: reader.u16() };
}

export function writeHttpResponse(writer: ByteWriter, response: HttpResponse): void {
  writeHeaders(writer, response.headers);
  writeVersion(writer, response.version);
  writer.u16(response.status);
}

function readMethod(reader: ByteReader): string {
  return METHODS[readTag(reader, METHODS.length, 'an HTTP method')] ?? reader.string();
}

function writeMethod(writer: ByteWriter, method: string): void {
  const tag = METHODS.indexOf(method);
  writer.u8(tag < 0 ? METHODS.length : tag);
  if (tag < 0) writer.string(method);
}

function readVersion(reader: ByteReader): HttpVersion {
  return HTTP_VERSIONS[readTag(reader, HTTP_VERSIONS.length - 1, 'an HTTP version')]!; // the tag has been checked
}

function writeVersion(writer: ByteWriter, version: HttpVersion): void {
  writer.u8(HTTP_VERSIONS.indexOf(version));
}

function readHeaders(reader: ByteReader): HttpHeader[] {
  const count = reader.u32();
  const headers: HttpHeader[] = [];
  // No list is made for the count: it may be a lie, and reading ends with the bytes.
  for (let i = 0; i < count; i++) headers.push({ name: reader.string(), value: reader.lengthPrefixed() });
  return headers;
}

function writeHeaders(writer: ByteWriter, headers: readonly HttpHeader[]): void {
  writer.u32(headers.length);
  for (const { name, value } of headers) {
    writer.string(name);
    writer.lengthPrefixed(value);
  }
}

function readTag(reader: ByteReader, last: number, what: string): number {
  const at = reader.offset;
  const tag = reader.u8();
  if (tag > last) throw new SatsError('SATS_UNKNOWN_VARIANT', `byte ${tag} at ${at} is no tag of ${what}`);
  return tag;
}
