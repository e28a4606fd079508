import { isIP } from 'node:net';
import { ServerError } from './errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[::1]:port` for IPv6; port 0 lets the system choose. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/u.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535)) {
    throw new ServerError(
      'SERVER_INVALID_LISTEN_ADDRESS',
      `listen address ${JSON.stringify(text)}: expected host:port with a port from 0 to 65535, such as 127.0.0.1:3000`,
    );
  }
  return { host, port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** The address as it stands in a URL. */
export function formatHostPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
