/** The order is that of the tags in BSATN. */
export const HTTP_VERSIONS = ['HTTP/0.9', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

/** One header line; a repeated header is several of them. The value is bytes: HTTP promises no encoding. */
export interface HttpHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

/** A request without its body, which travels beside it. */
export interface HttpRequest {
  /** As on the wire: `GET`, or whatever name an extension has. */
  readonly method: string;
  readonly headers: readonly HttpHeader[];
  /** For the whole exchange; undefined when the module leaves it to the host, and possibly negative. */
  readonly timeoutMicros: bigint | undefined;
  readonly uri: string;
  readonly version: HttpVersion;
}

/** A response without its body, which travels beside it. */
export interface HttpResponse {
  readonly headers: readonly HttpHeader[];
  readonly version: HttpVersion;
  /** From 0 to 65535: what the module or the other server said, not necessarily a status of HTTP. */
  readonly status: number;
}
