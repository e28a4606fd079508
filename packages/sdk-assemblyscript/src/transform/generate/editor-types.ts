import type { Index, ModuleModel, Table } from '../module-model.ts';
import { type DeclaredType, type Field, typeCode, type ValueType } from '../value-type.ts';
import { soonSignatures } from './soon.ts';

/** The file that tells an editor, which knows nothing of what the compiler generates, what `ctx.db` has. */
export function editorTypes(model: ModuleModel, folder: string): string {
  const { tables } = model;
  const imports = new Map<string, DeclaredType>();
  const spell = (declared: DeclaredType): string => {
    imports.set(declared.localName, declared);
    return declared.localName;
  };
  const code = (type: ValueType): string => typeCode(type, spell);
  const properties = tables.map((table) => {
    const indexes = table.indexes.map(
      (index) => `readonly ${index.property}: ${indexType(index, table, spell, code)};`,
    );
    const row = spell(table.row);
    const handle =
      indexes.length === 0 ? `Table<${row}>` : `Table<${row}> & {\n      ${indexes.join('\n      ')}\n    }`;
    return `    readonly ${table.property}: ${handle};`;
  });
  const froms = tables.map((table) => `    readonly ${table.property}: QueryTable<${spell(table.row)}>;`);
  const soon = soonSignatures(model, code);
  const lines = [...imports.values()].map(
    ({ localName, path }) => `import type { ${localName} } from '${relativePath(folder, path)}';`,
  );
  return `// Written by the compiler for the editor: what \`ctx.db\` has. Do not edit.
import type {${[...libraryTypes].map((name) => ` ${name}`).join(',')} } from "@lightcone/sdk-assemblyscript";
${lines.join('\n')}

declare module '@lightcone/sdk-assemblyscript' {
  interface Db {
${properties.join('\n')}
  }
  interface From {
${froms.join('\n')}
  }
  interface Soon {
${soon.map((each) => `    ${each};`).join('\n')}
  }
}
`;
}

/** Imported whether they are used or not: the file is for machines. */
const libraryTypes = [
  'ConnectionId',
  'HashIndex',
  'i128',
  'i256',
  'Identity',
  'Option',
  'OrderedIndex',
  'QueryTable',
  'Result',
  'ScheduleAt',
  'Table',
  'TimeDuration',
  'Timestamp',
  'u128',
  'u256',
  'UniqueIndex',
  'Unit',
  'Uuid',
] as const;

function indexType(
  index: Index,
  table: Table,
  spell: (declared: DeclaredType) => string,
  code: (type: ValueType) => string,
): string {
  const columns = index.columns.map((column) => code((table.row.fields[column] as Field).type));
  const row = spell(table.row);
  if (index.isUnique) return `UniqueIndex<${row}, ${columns[0]}>`;
  return `${index.algorithm === 'hash' ? 'HashIndex' : 'OrderedIndex'}<${row}, [${columns.join(', ')}]>`;
}

function relativePath(folder: string, path: string): string {
  const from = folder === '' ? [] : folder.split('/');
  const to = path.split('/');
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared++;
  const up = from.length - shared;
  return `${up === 0 ? './' : '../'.repeat(up)}${to.slice(shared).join('/')}`;
}
