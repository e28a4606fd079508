import { compileKey, compileRow, types } from '@lightcone/sats';
/** Arrays of rows where the engine has its store: every read is a scan of one, so there is nothing to get wrong. */
export class MemoryDatabase {
  #tables;
  /** How often an index was read. */
  seeks = 0;
  constructor(shapes) {
    this.#tables = shapes.map((shape, id) => ({
      id,
      name: shape.name,
      shape,
      row: compileRow(types.product(shape.columns.map(({ name, type }) => [name, type])), []),
      columns: shape.columns.map(({ name, type, accessorName }) => ({ name, type, accessorName })),
      indexes: (shape.indexes ?? []).map((columns, i) => ({ id: id * 100 + i, columns })),
      rows: [],
    }));
  }
  findTable(name) {
    return this.#tables.find((table) => table.name === name) ?? this.#tables.find((t) => t.shape.accessorName === name);
  }
  rows(tableId) {
    return this.#table(tableId).rows;
  }
  rowCount(tableId) {
    return this.rows(tableId).length;
  }
  scan(tableId, visitor) {
    for (const row of this.rows(tableId)) if (!visitor.row(row, 0, row.length)) return;
  }
  seek(indexId, key, visitor) {
    this.seeks += 1;
    const table = this.#table(Math.floor(indexId / 100));
    const index = table.indexes.find(({ id }) => id === indexId);
    const keyType = compileKey(table.row, index?.columns ?? []);
    if (keyType.validate(key, 0, key.length) !== key.length) throw new Error('trailing bytes in a key');
    for (const row of table.rows) {
      if (keyType.compareKeyToRow(key, 0, row, 0) === 0 && !visitor.row(row, 0, row.length)) return;
    }
  }
  insert(tableId, bytes, start, end) {
    const { rows, row: type, shape } = this.#table(tableId);
    const row = bytes.slice(start, end);
    if (type.validate(row, 0, row.length) !== row.length) throw new Error('trailing bytes in a row');
    if (rows.some((other) => type.compare(other, 0, row, 0) === 0)) return false;
    for (const { column, indexName } of shape.unique ?? []) {
      const key = compileKey(type, [column]);
      if (rows.some((other) => key.compareRows(other, 0, row, 0) === 0))
        throw new Error(`Unique constraint violation '${indexName}'`);
    }
    rows.push(row);
    return true;
  }
  delete(tableId, bytes, start, end) {
    const table = this.#table(tableId);
    const row = bytes.slice(start, end);
    table.rows = table.rows.filter((other) => table.row.compare(other, 0, row, 0) !== 0);
  }
  /** Runs `change`, and takes everything back when it throws. */
  transaction(change) {
    const before = this.#tables.map((table) => table.rows.slice());
    try {
      return change();
    } catch (error) {
      this.#tables.forEach((table, i) => (table.rows = before[i] ?? []));
      throw error;
    }
  }
  #table(tableId) {
    const table = this.#tables[tableId];
    if (!table) throw new Error(`no table ${tableId}`);
    return table;
  }
}
//# sourceMappingURL=memory-database.js.map
