import { PostgresError, SQL_STATE } from './postgres-error.ts';

/** Numbers in the place of a version, of requests that come before or instead of an introduction. */
const CANCEL_REQUEST = 80_877_102;
const TLS_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const MAJOR_VERSION = 3;

export type StartupPacket =
  /** A wish for TLS or GSSAPI on this connection. */
  { readonly tag: 'encryption' } | { readonly tag: 'cancel' } | StartupMessage;

export interface StartupMessage {
  readonly tag: 'startup';
  readonly parameters: ReadonlyMap<string, string>;
  /** Of the protocol's major version 3. */
  readonly minorVersion: number;
  /** Wishes for changes of the protocol, named `_pq_.…`. */
  readonly unknownOptions: readonly string[];
}

/** Reads what a client says first. @param body after the length, at least 4 bytes @throws PostgresError FATAL */
export function readStartupPacket(body: Buffer): StartupPacket {
  const code = body.readInt32BE(0);
  switch (code) {
    case TLS_REQUEST:
    case GSS_REQUEST:
      return { tag: 'encryption' };
    case CANCEL_REQUEST:
      return { tag: 'cancel' };
  }
  const major = code >>> 16;
  const minorVersion = code & 0xffff;
  if (major !== MAJOR_VERSION) {
    throw new PostgresError(
      'FATAL',
      SQL_STATE.featureNotSupported,
      `unsupported frontend protocol ${major}.${minorVersion}: server supports 3.0`,
    );
  }
  const parameters = readParameters(body.subarray(4));
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  return { tag: 'startup', parameters, minorVersion, unknownOptions };
}

/** Names and values by turns, each with a zero byte behind it, and one more zero byte. */
function readParameters(bytes: Buffer): Map<string, string> {
  if (bytes.at(-1) !== 0) throw invalidLayout();
  const texts = bytes.subarray(0, -1).toString('utf8').split('\0');
  // Behind the last zero byte of the list is nothing.
  if (texts.pop() !== '' || texts.length % 2 !== 0) throw invalidLayout();
  const parameters = new Map<string, string>();
  for (let i = 0; i < texts.length; i += 2) parameters.set(texts[i] ?? '', texts[i + 1] ?? '');
  return parameters;
}

function invalidLayout(): PostgresError {
  return new PostgresError('FATAL', SQL_STATE.protocolViolation, 'invalid startup packet layout');
}
