import { procedure_http_request } from '../abi/spacetime_10.3';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { readBytes, readCount, readString, readTag, take } from '../bsatn/reader';
import { begin, room, writeLength, writeString, writeTag, written, writtenLength } from '../bsatn/writer';
import { Result } from '../types/result';
import { TimeDuration } from '../types/time-duration';
import { readSource, sourceBytes, writeToSink, writeWritten } from './bytes';

const HTTP_ERROR: u32 = 21;
const HTTP_11: u8 = 2;
/** Followed by the method as text. */
const EXTENSION: u8 = 9;

const methods: StaticArray<string> = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

@final
export class HttpHeader {
  constructor(
    public name: string,
    public value: string,
  ) {}
}

function findHeader(headers: Array<HttpHeader>, name: string): string | null {
  const sought = name.toLowerCase();
  for (let at = 0; at < headers.length; at++) {
    if (headers[at].name.toLowerCase() == sought) return headers[at].value;
  }
  return null;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE));
}

function textOf(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

@final
export class HttpRequest {
  headers: Array<HttpHeader> = [];
  body: Uint8Array = new Uint8Array(0);
  timeout: TimeDuration | null = null;

  constructor(
    public method: string,
    public uri: string,
  ) {}

  header(name: string): string | null {
    return findHeader(this.headers, name);
  }

  text(): string {
    return textOf(this.body);
  }
}

@final
export class HttpResponse {
  headers: Array<HttpHeader> = [];
  body: Uint8Array = new Uint8Array(0);

  constructor(public status: u16 = 200) {}

  static ofText(text: string): HttpResponse {
    const response = new HttpResponse();
    response.body = bytesOf(text);
    return response;
  }

  header(name: string): string | null {
    return findHeader(this.headers, name);
  }

  text(): string {
    return textOf(this.body);
  }
}

@final
export class HttpClient {
  get(uri: string): Result<HttpResponse, string> {
    return this.send(new HttpRequest('GET', uri));
  }

  send(request: HttpRequest): Result<HttpResponse, string> {
    begin();
    writeMethod(request.method);
    writeHeaders(request.headers);
    const timeout = request.timeout;
    writeTag(timeout === null ? 1 : 0);
    if (timeout !== null) timeout.put(room(8));
    writeString(request.uri);
    writeTag(HTTP_11);
    const body = request.body;
    // The address of no bytes must not be null.
    const at = body.length == 0 ? out : body.dataStart;
    const errno = procedure_http_request(written(), writtenLength(), at, body.length, out);
    const source = load<u32>(out);
    const bodySource = load<u32>(out, 4);
    if (errno == HTTP_ERROR) {
      readSource(source);
      return Result.err<HttpResponse, string>(readString());
    }
    mustSucceed(errno, request.uri);
    return Result.ok<HttpResponse, string>(readResponse(source, bodySource));
  }
}

function writeMethod(method: string): void {
  const at = methods.indexOf(method);
  writeTag(at < 0 ? EXTENSION : <u8>at);
  if (at < 0) writeString(method);
}

function writeHeaders(headers: Array<HttpHeader>): void {
  writeLength(headers.length);
  for (let at = 0; at < headers.length; at++) {
    writeString(headers[at].name);
    // The value is bytes, which are written as text is.
    writeString(headers[at].value);
  }
}

function readHeaders(): Array<HttpHeader> {
  const count = readCount(8);
  const headers = new Array<HttpHeader>();
  for (let at = 0; at < count; at++) {
    const name = readString();
    headers.push(new HttpHeader(name, textOf(readBytes())));
  }
  return headers;
}

function readResponse(source: u32, bodySource: u32): HttpResponse {
  readSource(source);
  const headers = readHeaders();
  readTag(); // the version
  const response = new HttpResponse(load<u16>(take(2)));
  response.headers = headers;
  response.body = sourceBytes(bodySource);
  return response;
}

/** What a client asks of an HTTP handler. */
export function readRequest(source: u32, bodySource: u32): HttpRequest {
  readSource(source);
  const tag = readTag();
  const method = tag == EXTENSION ? readString() : methods[tag];
  const headers = readHeaders();
  const timeout: TimeDuration | null = readTag() == 0 ? TimeDuration.at(take(8)) : null;
  const request = new HttpRequest(method, readString());
  request.headers = headers;
  request.timeout = timeout;
  request.body = sourceBytes(bodySource);
  return request;
}

export function writeResponse(response: HttpResponse, sink: u32, bodySink: u32): void {
  begin();
  writeHeaders(response.headers);
  writeTag(HTTP_11);
  store<u16>(room(2), response.status);
  writeWritten(sink);
  if (response.body.length > 0) writeToSink(bodySink, response.body.dataStart, response.body.length);
}
