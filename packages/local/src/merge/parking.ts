import type { ParkedEntity, ParkedReason } from '../merge-result.ts';
import type { Statements } from '../store/statements.ts';

/** A row that a parked entity waits for. */
export interface Parent {
  readonly entityType: string;
  readonly entityId: string;
}

/** The entities that the log has and their tables cannot, and what each waits for. */
export class Parking {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  park({ entityType, entityId, reason, detail }: ParkedEntity, parent?: Parent): void {
    this.#statements
      .plain('INSERT OR REPLACE INTO ZV_PARKED VALUES (?, ?, ?, ?, ?, ?)')
      .run([entityType, entityId, reason, detail, parent?.entityType ?? null, parent?.entityId ?? null]);
  }

  release(entityType: string, entityId: string): void {
    this.#statements.plain('DELETE FROM ZV_PARKED WHERE entity_type = ? AND entity_id = ?').run([entityType, entityId]);
  }

  /** Why an entity is parked, for people; `undefined` if it is not. */
  reasonOf(entityType: string, entityId: string): string | undefined {
    return this.#statements
      .plain('SELECT detail FROM ZV_PARKED WHERE entity_type = ? AND entity_id = ?')
      .get([entityType, entityId])?.['detail'] as string | undefined;
  }

  isEmpty(): boolean {
    return this.#statements.plain('SELECT 1 FROM ZV_PARKED LIMIT 1').get([]) === undefined;
  }

  /** Those that wait for this row. */
  waitingFor(parent: Parent): { entityType: string; entityId: string }[] {
    return this.#statements
      .plain('SELECT entity_type, entity_id FROM ZV_PARKED WHERE parent_type = ? AND parent_id = ?')
      .all([parent.entityType, parent.entityId])
      .map((row) => ({ entityType: row['entity_type'] as string, entityId: row['entity_id'] as string }));
  }

  all(): ParkedEntity[] {
    return this.#statements
      .plain('SELECT entity_type, entity_id, reason, detail FROM ZV_PARKED ORDER BY entity_type, entity_id')
      .all([])
      .map((row) => ({
        entityType: row['entity_type'] as string,
        entityId: row['entity_id'] as string,
        reason: row['reason'] as ParkedReason,
        detail: row['detail'] as string,
      }));
  }
}
