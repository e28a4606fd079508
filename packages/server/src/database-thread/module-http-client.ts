import type { OutgoingHttp } from '@lightcone/engine';
import type { ModuleHttpConfig } from '../config.ts';

/** The HTTP client of a module's procedures. Most modules send no requests: HTTP and TLS are loaded with the first. */
export function moduleHttpClient({ allow }: ModuleHttpConfig): OutgoingHttp {
  const load = async (): Promise<OutgoingHttp> => {
    const { AddressPolicy, NodeOutgoingHttp } = await import('@lightcone/engine/outgoing-http');
    return new NodeOutgoingHttp({ policy: AddressPolicy.allowing(allow) });
  };
  let client: Promise<OutgoingHttp> | undefined;
  return { send: async (request, signal) => (await (client ??= load())).send(request, signal) };
}
