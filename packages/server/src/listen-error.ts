import { ServerError } from './errors.ts';
import { formatHostPort } from './listen-address.ts';
import type { ListenAddress } from './listen-address.ts';

/** The option of `spacetime start` that chooses a port. */
export type PortOption = '--listen-addr' | '--pg-port';

/** What to tell of an address that the system refused to listen on; what is no such refusal is given back. */
export function listenError(cause: unknown, { host, port }: ListenAddress, option: PortOption): unknown {
  const isPostgres = option === '--pg-port';
  const choose = (other: number): string => `${option} ${isPostgres ? other : formatHostPort(host, other)}`;
  const another = isPostgres
    ? choose(port === 65_534 ? 5432 : port + 1)
    : `${choose(port === 65_535 ? 0 : port + 1)} (port 0 takes a free one)`;
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ServerError(
        'SERVER_PORT_TAKEN',
        `port ${port} on ${host} is taken by another program. Stop it, or choose another port with ${another}.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ServerError(
        'SERVER_CANNOT_LISTEN',
        `this machine has no address ${host}. Choose one with --listen-addr: 127.0.0.1:${port} is for programs on this ` +
          `machine, 0.0.0.0:${port} for every machine that can reach it.`,
        { cause },
      );
    case 'EACCES':
      return new ServerError(
        'SERVER_CANNOT_LISTEN',
        `this user may not listen on port ${port}. Choose a port from 1024 up with ${choose(isPostgres ? 5432 : 3000)}.`,
        { cause },
      );
    default:
      return cause;
  }
}
