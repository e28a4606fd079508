import type { Subprotocol } from '@lightcone/protocol';
import type { Core } from '../core.ts';
import { V1BsatnEncoding } from './v1-bsatn-encoding.ts';
import { V1JsonEncoding } from './v1-json-encoding.ts';
import { V1Wire } from './v1-wire.ts';
import { V2Wire } from './v2-wire.ts';
import type { Wire } from './wire.ts';

/** The wire versions that a database speaks. */
export class Wires {
  readonly #byProtocol: Readonly<Record<Subprotocol, Wire>>;

  constructor(core: Core) {
    this.#byProtocol = {
      'v3.bsatn.spacetimedb': new V2Wire(core, 'many'),
      'v2.bsatn.spacetimedb': new V2Wire(core, 'one'),
      'v1.bsatn.spacetimedb': new V1Wire(core, new V1BsatnEncoding()),
      'v1.json.spacetimedb': new V1Wire(core, new V1JsonEncoding((tableId) => core.clientRowType(tableId))),
    };
  }

  of(protocol: Subprotocol): Wire {
    return this.#byProtocol[protocol];
  }
}
