import type { Change } from '../change.ts';
import type { Winner } from '../log/log-reader.ts';

/** What a batch of changes brings for one entity. */
export interface Incoming {
  readonly entityType: string;
  readonly entityId: string;
  /** The ids of its changes in the batch. */
  readonly changeIds: string[];
  /** The greatest of the batch by field. */
  readonly winners: Map<string, Winner>;
}

/** Incoming changes by entity. */
export class IncomingEntities {
  readonly #byType = new Map<string, Map<string, Incoming>>();

  add({ id, entityType, entityId, fields }: Change): void {
    const { changeIds, winners } = this.touch(entityType, entityId);
    changeIds.push(id);
    for (const { name, value } of fields) {
      const winner = winners.get(name);
      if (winner === undefined || winner.changeId < id) winners.set(name, { changeId: id, value });
    }
  }

  /** The entity's entry, empty if it is new: then its whole row is made anew. */
  touch(entityType: string, entityId: string): Incoming {
    let byId = this.#byType.get(entityType);
    if (byId === undefined) this.#byType.set(entityType, (byId = new Map()));
    let incoming = byId.get(entityId);
    if (incoming === undefined)
      byId.set(entityId, (incoming = { entityType, entityId, changeIds: [], winners: new Map() }));
    return incoming;
  }

  *[Symbol.iterator](): Iterator<Incoming> {
    for (const byId of this.#byType.values()) yield* byId.values();
  }
}
