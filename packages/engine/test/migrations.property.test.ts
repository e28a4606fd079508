import { fc, test as property } from '@fast-check/vitest';
import { type AlgebraicType, types } from '@lightcone/sats';
import { expect } from 'vitest';
import { btree, unique } from '../../schema/test/raw-modules.ts';
import { anyModule } from './support/any-module.ts';
import { LoggedDatabase, schemaOf } from './support/logged-database.ts';
import { type Columns, index, tables, u8 } from './support/tables.ts';

/** A table as plainly as possible. Columns are `c0`, `c1` and so on: u8, or an enum of so many plain variants. */
interface ModelTable {
  readonly columns: readonly { readonly variants: number | undefined }[];
  readonly unique: ReadonlySet<number>;
  readonly hashed: ReadonlySet<number>;
  readonly isPublic: boolean;
}

type Definition = ReadonlyMap<string, ModelTable>;
type ModelRow = readonly number[];

const NAMES = ['a', 'b', 'c'];
const MAX_COLUMNS = 5;
const CHANGES = [
  'extendEnums',
  'addColumn',
  'toggleUnique',
  'extendEnums',
  'toggleHash',
  'addColumn',
  'toggleAccess',
  'extendEnums',
  'removeTable',
  'toggleUnique',
  'addColumn',
  'shrinkEnums',
] as const;
/** What added columns are filled with. */
const DEFAULT = 1;

/** A database and what it should be, driven by random numbers. */
class Comparison {
  readonly #database: LoggedDatabase;
  /** What is published, and what is next. */
  #published: Definition = new Map();
  #next: Definition = new Map();
  readonly #rows = new Map<string, ModelRow[]>(NAMES.map((name) => [name, []]));
  #programs = 0;

  constructor(database: LoggedDatabase) {
    this.#database = database;
  }

  async run([what, a, b, c]: readonly [number, number, number, number]): Promise<void> {
    if (what < 13) await this.#insert(a, [b, c, a, b + c, a + c]);
    else if (what < 15) await this.#delete(a, b);
    else if (what < 22) this.#define(a, b, c);
    else if (what < 29) await this.#publish();
    else await this.#database.restart();
    await this.check();
  }

  async check(): Promise<void> {
    for (const [name, table] of this.#published) {
      const rows = (await this.#database.rows(name)).map((row) => JSON.stringify(row));
      expect(rows.toSorted()).toEqual(
        this.#rows.get(name)!.map((row) => JSON.stringify(this.#value(table, row))).toSorted(),
      ); // prettier-ignore
    }
  }

  async finish(): Promise<void> {
    await using fresh = await LoggedDatabase.create(this.#program(this.#published));
    expect(await schemaOf(this.#database)).toEqual(await schemaOf(fresh));
    await this.#database.restart();
    await this.check();
    expect(await schemaOf(this.#database)).toEqual(await schemaOf(fresh));
  }

  async #insert(choice: number, values: readonly number[]): Promise<void> {
    const name = NAMES[choice % NAMES.length]!;
    const table = this.#published.get(name);
    if (table === undefined) return;
    const row = table.columns.map(({ variants = 4 }, i) => values[i]! % variants);
    const rows = this.#rows.get(name)!;
    const inserting = this.#database.insert(name, columnsOf(table), this.#value(table, row));
    const isThere = rows.some((other) => String(other) === String(row));
    if (!isThere && [...table.unique].some((column) => rows.some((other) => other[column] === row[column]))) {
      await expect(inserting).rejects.toThrow('errno 12');
      return;
    }
    await inserting;
    if (!isThere) rows.push(row);
  }

  async #delete(choice: number, which: number): Promise<void> {
    const name = NAMES[choice % NAMES.length]!;
    const table = this.#published.get(name);
    const rows = this.#rows.get(name)!;
    if (table === undefined || rows.length === 0) return;
    const [row] = rows.splice(which % rows.length, 1);
    await this.#database.delete(name, columnsOf(table), this.#value(table, row!));
  }

  /** Changes the definition that is published next. */
  #define(choice: number, what: number, which: number): void {
    const name = NAMES[choice % NAMES.length]!;
    const next = new Map(this.#next);
    const table = next.get(name);
    if (table === undefined) {
      const columns = [{ variants: undefined }, { variants: 2 }];
      next.set(name, { columns, unique: new Set(), hashed: new Set(), isPublic: true });
      this.#next = next;
      return;
    }
    const column = which % table.columns.length;
    switch (CHANGES[what % CHANGES.length]!) {
      case 'removeTable':
        next.delete(name);
        break;
      case 'addColumn':
        if (table.columns.length === MAX_COLUMNS) break;
        next.set(name, { ...table, columns: [...table.columns, { variants: which % 2 === 0 ? undefined : 3 }] });
        break;
      case 'toggleUnique':
        next.set(name, { ...table, unique: table.unique.symmetricDifference(new Set([column])) });
        break;
      case 'toggleHash':
        next.set(name, { ...table, hashed: table.hashed.symmetricDifference(new Set([column])) });
        break;
      case 'toggleAccess':
        next.set(name, { ...table, isPublic: !table.isPublic });
        break;
      case 'extendEnums':
        next.set(name, {
          ...table,
          columns: table.columns.map(({ variants }) => ({ variants: variants && variants + 1 })),
        });
        break;
      case 'shrinkEnums':
        // Possible only where the table is not published.
        next.set(name, { ...table, columns: table.columns.map(({ variants }) => ({ variants: variants && 2 })) });
        break;
    }
    this.#next = next;
  }

  async #publish(): Promise<void> {
    const next = this.#next;
    const updating = this.#database.publish(this.#program(next));
    if (!this.#isPossible(next)) {
      await expect(updating).rejects.toMatchObject({ code: 'ENGINE_UPDATE_REJECTED' });
      this.#next = this.#published;
      return;
    }
    await updating;
    for (const [name, table] of next) {
      const rows = this.#rows.get(name)!;
      this.#rows.set(name, rows.map((row) => [...row, ...table.columns.slice(row.length).map(() => DEFAULT)])); // prettier-ignore
    }
    this.#published = next;
  }

  #isPossible(next: Definition): boolean {
    for (const [name, before] of this.#published) {
      const rows = this.#rows.get(name)!;
      const after = next.get(name);
      if (after === undefined) {
        if (rows.length > 0) return false;
        continue;
      }
      for (const [i, { variants }] of before.columns.entries()) {
        const now = after.columns[i];
        if (now === undefined || (variants === undefined) !== (now.variants === undefined)) return false;
        if (variants !== undefined && now.variants! < variants) return false;
      }
      for (const column of after.unique) {
        const values = rows.map((row) => row[column] ?? DEFAULT);
        if (new Set(values).size < values.length) return false;
      }
    }
    return true;
  }

  #value(table: ModelTable, row: ModelRow): Record<string, unknown> {
    return Object.fromEntries(
      table.columns.map(({ variants }, i) => [
        `c${i}`,
        variants === undefined ? row[i] : { tag: `v${row[i]}`, value: {} },
      ]),
    );
  }

  #program(definition: Definition): Uint8Array {
    const parts = [...definition].map(([name, table]) => {
      const { columns, unique: uniqueColumns, hashed, isPublic } = table;
      return [
        {
          name,
          tableAccess: isPublic ? ('Public' as const) : ('Private' as const),
          indexes: [
            ...[...uniqueColumns].map((column) => ({ ...btree(column), name: `${name}b${column}` })),
            ...[...hashed].map((column) => index(`${name}h${column}`, 'Hash', column)),
          ],
          constraints: [...uniqueColumns].map((column) => unique(column)),
          defaultValues: columns.map((_, column) => ({ column, value: u8(DEFAULT) })),
        },
        columnsOf(table),
      ] as const;
    });
    return anyModule({ ...tables(...parts), version: String(this.#programs++) });
  }
}

function columnsOf({ columns }: ModelTable): Columns {
  return columns.map(({ variants }, i) => [`c${i}`, variants === undefined ? types.u8 : plainEnum(variants)]);
}

function plainEnum(variants: number): AlgebraicType {
  return types.sum(Array.from({ length: variants }, (_, i) => [`v${i}`, types.unit] as const));
}

const operations = fc.array(fc.tuple(fc.nat(33), fc.nat(1000), fc.nat(1000), fc.nat(1000)), {
  minLength: 20,
  maxLength: 80,
  size: 'max',
});

property.prop([operations], { numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 20) })(
  'whatever is published, written and restarted in whatever order, a database is what the model says',
  async (list) => {
    await using database = await LoggedDatabase.create(anyModule());
    const comparison = new Comparison(database);
    for (const operation of list) await comparison.run(operation);
    await comparison.finish();
  },
);
