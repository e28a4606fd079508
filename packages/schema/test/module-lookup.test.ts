import { expect, test } from 'vitest';
import { ModuleLookup, validateModuleDef } from '../src/index.ts';
import { btree, oneTable, rawReducer } from './raw-modules.ts';

const inner = { ...oneTable({ name: 'InnerTable' }), reducers: [rawReducer('c')] };
const lookup = new ModuleLookup(
  validateModuleDef({
    ...oneTable({ name: 'MyTable', indexes: [{ ...btree(0), name: 'MyIndex' }] }),
    caseConversionPolicy: 'SnakeCase',
    reducers: [rawReducer('b'), rawReducer('a')],
    submodules: [
      { namespace: 'one', module: { ...inner, submodules: [{ namespace: 'deep', module: inner }] } },
      { namespace: 'two', module: inner },
    ],
  }),
);

test.each(['my_table', 'MyTable'])('a table is found as %s', (name) => {
  expect(lookup.findTable(name)?.definition.name).toBe('my_table');
});

test.each(['my_table_id_idx_btree', 'MyIndex'])('an index is found as %s', (name) => {
  expect(lookup.findIndex(name)?.definition.sourceName).toBe('MyIndex');
});

test('parts of submodules are found by dotted names', () => {
  expect(lookup.findTable('one.deep.InnerTable')?.fullName).toBe('one.deep.InnerTable');
  expect(lookup.findTable('InnerTable')).toBeUndefined();
});

test('ids of reducers count through submodules, depth first', () => {
  expect(lookup.reducers.map((reducer) => reducer.fullName)).toEqual(['b', 'a', 'one.c', 'one.deep.c', 'two.c']);
  expect(lookup.findReducerId('one.deep.c')).toBe(3);
  expect(lookup.findReducerId('c')).toBeUndefined();
  expect(lookup.findProcedureId('b')).toBeUndefined();
});
