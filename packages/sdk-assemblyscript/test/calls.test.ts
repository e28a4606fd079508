// What happens when calls go wrong: errors of the caller, panics of the module, refusals of the host.
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { compileSource } from './support/compile.ts';
import { FakeHost } from './support/fake-host.ts';

const source = `import { index, primaryKey, reducer, ReducerContext, SenderError, table } from "@lightcone/sdk-assemblyscript";
@table({})
class Row { @primaryKey id: u32; @index score: i32; }

let kept = new Array<string>();

function deep(depth: i32): i64 {
  if (depth == 0) throw new SenderError("from the depth");
  return deep(depth - 1) + 1;
}

function grow(texts: Array<string>): Array<string> {
  const more = texts.concat(["one more"]);
  return grow(more).concat(more);
}

class TooMany extends SenderError {
  constructor(count: i32) { super(\`\${count} are too many\`); }
}

function throwIt(error: Error): void {
  throw error;
}

function compare(a: i32, b: i32): i32 {
  if (b == 3) throw new SenderError("from a callback");
  return a - b;
}

function same(ctx: ReducerContext): i32 {
  for (const row of ctx.db.row.iter()) {
    const scores = [row.score].map<i32>((score) => { return score; });
    for (const other of ctx.db.row.iter()) if (other.score == scores[0]) return row.score;
  }
  return -1;
}

/** Each return asks its own loop for what it returns. */
class Rest {
  static count(ctx: ReducerContext): i64 {
    const rows = ctx.db.row.iter();
    for (const row of rows) return row.score < 0 ? -1 : rows.count();
    return -2;
  }
  static maybe(ctx: ReducerContext): Row | null {
    const rows = ctx.db.row.iter();
    for (const row of rows) {
      if (row.score == 0) return null;
      for (const other of rows) if (other.score > row.score) return { id: other.id, score: rows.count() };
    }
    return null;
  }
  static counts<T>(ctx: ReducerContext): Array<T> {
    const rows = ctx.db.row.iter();
    for (const row of rows) return [<T>row.score, <T>rows.count()];
    return [];
  }
  static tell(ctx: ReducerContext): void {
    const rows = ctx.db.row.iter();
    for (const row of rows) {
      const inner = [1].map<i32>((one) => { for (const each of [one]) return each + 1; return 0; });
      return this.say(row.score + inner[0], rows.count());
    }
  }
  static say(score: i32, left: i32): void { console.log(\`\${score} \${left}\`); }
}

class Reducers {
  @reducer static a_count(ctx: ReducerContext): void { ctx.db.row.count(); }
  @reducer static b_clear(ctx: ReducerContext): void { ctx.db.row.clear(); }
  @reducer static c_iter(ctx: ReducerContext): void { ctx.db.row.iter(); }
  @reducer static d_insert(ctx: ReducerContext): void { ctx.db.row.insert({ id: 1, score: 1 }); }
  @reducer static e_update(ctx: ReducerContext): void { ctx.db.row.id.update({ id: 1, score: 1 }); }
  @reducer static f_find(ctx: ReducerContext): void { ctx.db.row.id.find(1); }
  @reducer static g_range(ctx: ReducerContext): void { ctx.db.row.score.range(1, 2); }
  @reducer static h_delete(ctx: ReducerContext): void { ctx.db.row.id.delete(1); }
  @reducer static i_delete_range(ctx: ReducerContext): void { ctx.db.row.score.deleteRange(1, 2); }
  @reducer static j_delete_row(ctx: ReducerContext): void { ctx.db.row.delete({ id: 1, score: 1 }); }
  @reducer static k_try_insert(ctx: ReducerContext): void {
    if (!ctx.db.row.tryInsert({ id: 1, score: 1 })) throw new SenderError("it is taken");
  }
  @reducer static l_next(ctx: ReducerContext): void { ctx.db.row.iter().next(); }
  @reducer static m_deep(ctx: ReducerContext): void { deep(100); ctx.db.row.clear(); }
  @reducer static n_callback(ctx: ReducerContext): void { [5, 4, 3, 2].sort(compare); ctx.db.row.clear(); }
  @reducer static o_loop(ctx: ReducerContext): void {
    let sum = 0;
    for (const row of ctx.db.row.iter()) {
      if (row.score < 0) continue;
      if (row.score == 0) break;
      sum += row.score;
    }
    throw new SenderError(\`\${sum}\`);
  }
  @reducer static p_bounds(ctx: ReducerContext): void { const a = [1]; kept = [a[<i32>ctx.db.row.count()].toString()]; }
  @reducer static q_throw(ctx: ReducerContext): void {
    throw new Error("a mistake of the module");
  }
  @reducer static r_log(ctx: ReducerContext): void {
    console.log("one"); console.warn("zwei, drei 🚀");
  }
  @reducer static rr_recurse(ctx: ReducerContext): void { grow(new Array<string>()); }
  @reducer static rs_rethrow(ctx: ReducerContext): void {
    const error = new SenderError("made before it was thrown");
    for (let i = 0; i < 3; i++) throwIt(error);
    ctx.db.row.clear();
  }
  @reducer static rt_own_error(ctx: ReducerContext): void { throw new TooMany(7); }
  @reducer static ru_rethrow_mistake(ctx: ReducerContext): void { throwIt(new RangeError("far out")); }
  @reducer static s_keep(ctx: ReducerContext, text: string): void { kept.push(text); throw new SenderError(kept.join()); }
  @reducer static t_first(ctx: ReducerContext): void { ctx.db.row.iter().first(); }
  @reducer static u_break(ctx: ReducerContext): void { for (const row of ctx.db.row.iter()) if (row.id == 0) break; }
  @reducer static v_return(ctx: ReducerContext): void { kept = [same(ctx).toString()]; }
  @reducer static va_return_count(ctx: ReducerContext): void { throw new SenderError(Rest.count(ctx).toString()); }
  @reducer static vb_return_row(ctx: ReducerContext): void {
    const row = Rest.maybe(ctx);
    throw new SenderError(row === null ? "none" : \`\${row.id} \${row.score}\`);
  }
  @reducer static vc_return_array(ctx: ReducerContext): void { throw new SenderError(Rest.counts<f32>(ctx).join()); }
  @reducer static vd_return_call(ctx: ReducerContext): void { Rest.tell(ctx); throw new SenderError("told"); }
  @reducer static w_to_the_end(ctx: ReducerContext): void { for (const row of ctx.db.row.iter()) kept = [\`\${row.id}\`]; }
}`;

const names = [...source.matchAll(/@reducer static (\w+)/g)].map((match) => match[1]);
const call = (name: string, args?: Uint8Array): { code: number; text: string } => {
  const { code, written } = host.callReducer(names.indexOf(name), args);
  return { code, text: Buffer.from(written).toString() };
};
/** Rows as a scan finds them. */
const rows = (...scores: number[]): Uint8Array => {
  const bytes = Buffer.alloc(8 * scores.length);
  scores.forEach((score, at) => bytes.writeInt32LE(score, 8 * at + 4));
  return bytes;
};

let wasm: Uint8Array;
let host: FakeHost;
beforeAll(async () => {
  const compiled = await compileSource(source);
  expect(compiled.messages).toBe('');
  wasm = compiled.wasm ?? new Uint8Array();
});
beforeEach(() => {
  host = new FakeHost(wasm);
});

const inserted = 'datastore_insert_bsatn';

test.each([
  { reducer: 'a_count', refuses: 'table_id_from_name', errno: 2, message: 'row: this needs an open transaction' },
  { reducer: 'a_count', refuses: 'table_id_from_name', errno: 4, message: 'row: the database has no such table' },
  {
    reducer: 'a_count',
    refuses: 'datastore_table_row_count',
    errno: 4,
    message: 'row: the database has no such table',
  },
  { reducer: 'b_clear', refuses: 'datastore_clear', errno: 19, message: 'row: this transaction can only read' },
  {
    reducer: 'c_iter',
    refuses: 'datastore_table_scan_bsatn',
    errno: 4,
    message: 'row: the database has no such table',
  },
  {
    reducer: 'd_insert',
    refuses: inserted,
    errno: 3,
    message: 'row: the bytes do not decode at the type of the table',
  },
  { reducer: 'd_insert', refuses: inserted, errno: 12, message: 'row: a unique column already has this value' },
  { reducer: 'd_insert', refuses: inserted, errno: 13, message: 'row: the schedule lies too far in the future' },
  { reducer: 'd_insert', refuses: inserted, errno: 99, message: 'row: the host refused with errno 99' },
  { reducer: 'k_try_insert', refuses: inserted, errno: 13, message: 'row: the schedule lies too far in the future' },
  { reducer: 'e_update', refuses: 'datastore_update_bsatn', errno: 14, message: 'row: the index is not unique' },
  { reducer: 'e_update', refuses: 'datastore_update_bsatn', errno: 15, message: 'row: there is no row with this key' },
  {
    reducer: 'f_find',
    refuses: 'index_id_from_name',
    errno: 5,
    message: 'row_id_idx_btree: the database has no such index',
  },
  {
    reducer: 'f_find',
    refuses: 'datastore_index_scan_point_bsatn',
    errno: 5,
    message: 'row_id_idx_btree: the database has no such index',
  },
  {
    reducer: 'g_range',
    refuses: 'datastore_index_scan_range_bsatn',
    errno: 10,
    message: 'row_score_idx_btree: a hash index cannot be scanned by range',
  },
  {
    reducer: 'h_delete',
    refuses: 'datastore_delete_by_index_scan_point_bsatn',
    errno: 3,
    message: 'row_id_idx_btree: the bytes do not decode at the type of the table',
  },
  {
    reducer: 'i_delete_range',
    refuses: 'datastore_delete_by_index_scan_range_bsatn',
    errno: 10,
    message: 'row_score_idx_btree: a hash index cannot be scanned by range',
  },
  {
    reducer: 'j_delete_row',
    refuses: 'datastore_delete_all_by_eq_bsatn',
    errno: 3,
    message: 'row: the bytes do not decode at the type of the table',
  },
  { reducer: 'l_next', refuses: 'row_iter_bsatn_advance', errno: 6, message: 'a scan: these rows are no longer open' },
])('$reducer panics when $refuses answers $errno', ({ reducer, refuses, errno, message }) => {
  host.answers.set(refuses, errno);
  expect(() => call(reducer)).toThrow(WebAssembly.RuntimeError);
  expect(host.log).toEqual([{ level: 101, file: undefined, line: 0xffff_ffff | 0, message }]);
});

test('a unique value that is taken is an answer to tryInsert', () => {
  expect(call('k_try_insert')).toEqual({ code: 0, text: '' });
  host.answers.set(inserted, 12);
  expect(call('k_try_insert')).toEqual({ code: 1, text: 'it is taken' });
});

test.each([
  { reducer: 'm_deep', text: 'from the depth' },
  { reducer: 'n_callback', text: 'from a callback' },
  { reducer: 'rs_rethrow', text: 'made before it was thrown' },
  { reducer: 'rt_own_error', text: '7 are too many' },
])('a SenderError leaves $reducer at once, and the next call is not touched by it', ({ reducer, text }) => {
  for (let round = 0; round < 3; round++) {
    expect(call(reducer)).toEqual({ code: 1, text });
    expect(host.calls).not.toContain('datastore_clear');
    expect(call('b_clear')).toEqual({ code: 0, text: '' });
  }
});

test('a loop over rows knows continue and break', () => {
  host.rows = rows(1, -5, 2, 0, 4);
  expect(call('o_loop')).toEqual({ code: 1, text: '3' });
});

test.each([
  { reducer: 'va_return_count', text: '2' },
  { reducer: 'vb_return_row', text: '0 1' },
  { reducer: 'vc_return_array', text: '7.0,2.0' },
  { reducer: 'vd_return_call', text: 'told' },
])('what a loop returns is computed before the loop gives up its rows: $reducer', ({ reducer, text }) => {
  host.rows = rows(7, 8, 9);
  expect(call(reducer)).toEqual({ code: 1, text });
  expect(host.log.map(({ message }) => message)).toEqual(reducer === 'vd_return_call' ? ['9 2'] : []);
});

test.each([
  { reducer: 't_first', closed: 1 },
  { reducer: 'u_break', closed: 1 },
  { reducer: 'v_return', closed: 2 },
  { reducer: 'w_to_the_end', closed: 0 },
])('what $reducer leaves of its scans is given back to the host: $closed times', ({ reducer, closed }) => {
  host.rows = rows(...Array.from({ length: 20_000 }, (_, i) => i));
  expect(call(reducer)).toEqual({ code: 0, text: '' });
  expect(host.calls.filter((name) => name === 'row_iter_bsatn_close')).toHaveLength(closed);
});

test.each([
  { reducer: 'p_bounds', file: '~lib/array.ts', message: 'Index out of range' },
  { reducer: 'rr_recurse', file: undefined, message: expect.stringContaining('called itself too often') },
  { reducer: 'ru_rethrow_mistake', file: undefined, message: 'RangeError: far out' },
  { reducer: 'q_throw', file: 'assembly/index.ts', message: 'a mistake of the module' },
])('$reducer is a panic, which is logged with its place', ({ reducer, file, message }) => {
  expect(() => call(reducer)).toThrow(WebAssembly.RuntimeError);
  expect(host.log).toEqual([{ level: 101, file, line: expect.any(Number), message }]);
});

test('the log has file and line of each call of console', () => {
  call('r_log');
  const line = source.split('\n').findIndex((text) => text.includes('console.log("one")')) + 1;
  expect(host.log).toEqual([
    { level: 2, file: 'assembly/index.ts', line, message: 'one' },
    { level: 1, file: 'assembly/index.ts', line, message: 'zwei, drei 🚀' },
  ]);
});

test('variables outside of functions keep what they hold while garbage is collected', () => {
  const text = (value: string): Uint8Array => Buffer.from([value.length, 0, 0, 0, ...Buffer.from(value)]);
  expect(call('s_keep', text('first')).text).toBe('first');
  for (let round = 0; round < 20_000; round++) call('k_try_insert');
  for (let round = 0; round < 2_000; round++) call('m_deep');
  expect(call('s_keep', text('second')).text).toBe('first,second');
});

test('the call of something that the module does not have is a panic', () => {
  expect(() => host.callReducer(1_000)).toThrow(WebAssembly.RuntimeError);
  expect(host.log.at(-1)?.message).toBe('this module has no reducer with the number 1000');
});
