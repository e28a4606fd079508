import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ListenAddress } from './listen-address.ts';
import { listenError } from './listen-error.ts';
import type { PortOption } from './listen-error.ts';

/**
 * Tries the port before anything else is opened: who starts a second server should hear of the port,
 * which they can change, and not of the data directory, which the first one uses as well.
 */
export async function probePort({ host, port }: ListenAddress, option: PortOption): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (cause) {
    throw listenError(cause, { host, port }, option);
  } finally {
    probe.close();
  }
}
