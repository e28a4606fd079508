import type { FieldValue } from '../change.ts';
import type { Store } from '../store/store.ts';

/** Columns of a row whose text the log has as a number. */
export interface NumberLikeText {
  readonly entityType: string;
  readonly entityId: string;
  readonly names: readonly string[];
  readonly texts: readonly FieldValue[];
}

/**
 * DimpleDb's log turned text such as `007` into the number 7, while the row that was saved kept the text. Asked once,
 * when a file of DimpleDb's is first opened here: where the row has a text and this file's own winning change a number
 * of the same meaning, the row is what its author wrote. Logged again, peers get it as well.
 */
export function findNumberLikeText(store: Store): NumberLikeText[] {
  const found: NumberLikeText[] = [];
  for (const stored of store.tables.values()) {
    if (stored.table.isLocal) continue;
    for (const entityId of store.reader.entities(stored.name)) {
      const row = stored.find(entityId);
      if (row === undefined) continue;
      const names: string[] = [];
      const texts: FieldValue[] = [];
      const seen = new Set<string>();
      for (const { name, value, authorId } of store.reader.fieldsOf(stored.name, entityId)) {
        if (name === null || seen.has(name)) continue;
        seen.add(name);
        const text = row[name];
        if (authorId !== store.authorId || typeof text !== 'string' || !isNumber(value)) continue;
        if (Number(text) !== Number(value) || String(value) === text) continue;
        names.push(name);
        texts.push(text);
      }
      if (names.length > 0) found.push({ entityType: stored.name, entityId, names, texts });
    }
  }
  return found;
}

function isNumber(value: FieldValue): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}
