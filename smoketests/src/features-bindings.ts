import { procedures, procedureSchema, reducers, reducerSchema, schema, t, table } from 'spacetimedb';

const color = t.enum('Color', { red: t.unit(), green: t.unit(), blue: t.unit() });
const point = t.object('Point', { x: t.f64(), y: t.f64() });
const shape = t.enum('Shape', {
  empty: t.unit(),
  circle: t.f64(),
  dyed: color,
  dot: point,
  polygon: t.array(point),
});

const everything = {
  flag: t.bool(),
  u8: t.u8(),
  u16: t.u16(),
  u32: t.u32(),
  u64: t.u64(),
  u128: t.u128(),
  u256: t.u256(),
  i8: t.i8(),
  i16: t.i16(),
  i32: t.i32(),
  i64: t.i64(),
  i128: t.i128(),
  i256: t.i256(),
  f32: t.f32(),
  f64: t.f64(),
  text: t.string(),
  bytes: t.byteArray(),
  identity: t.identity(),
  connection: t.connectionId(),
  timestamp: t.timestamp(),
  duration: t.timeDuration(),
  schedule: t.scheduleAt(),
  uuid: t.uuid(),
  color,
  point,
  shape,
  shapes: t.array(shape),
  numbers: t.array(t.i32()),
  texts: t.array(t.string()),
  grid: t.array(t.array(t.u16())),
  someText: t.option(t.string()),
  somePoint: t.option(point),
  options: t.array(t.option(t.u64())),
  result: t.result(t.u32(), t.string()),
};
const everythingRow = t.object('Everything', { id: t.u32(), ...everything });

const item = {
  id: t.u64().primaryKey(),
  name: t.string(),
  slot: t.u32(),
  score: t.i32(),
  owner: t.identity(),
  color,
};

/** What a client of `modules/features` needs, in whatever language that is written. */
export const featuresBindings = {
  ...schema({
    everything: table({ name: 'everything', public: true }, { id: t.u32().primaryKey(), ...everything }),
    item: table({ name: 'item', public: true }, item),
    myItems: table({ name: 'my_items', public: true }, item),
    goodItems: table({ name: 'good_items', public: true }, item),
    colorCounts: table({ name: 'color_counts', public: true }, { color, count: t.u32() }),
    page: table({ name: 'page', public: true }, { id: t.u64().primaryKey(), owner: t.identity(), text: t.string() }),
    pulse: table({ name: 'pulse', public: true, event: true }, { strength: t.u32() }),
    answer: table({ name: 'answer', public: true }, { question: t.string().primaryKey(), text: t.string() }),
  }).schemaType,
  ...reducers(
    reducerSchema('put_everything', { row: everythingRow }),
    reducerSchema('add_item', { name: t.string(), slot: t.u32(), score: t.i32(), color }),
    reducerSchema('score_item', { name: t.string(), score: t.i32() }),
    reducerSchema('remove_item', { name: t.string() }),
    reducerSchema('send_pulses', { count: t.u32() }),
    reducerSchema('write_page', { text: t.string() }),
    reducerSchema('remind_often', { text: t.string(), everyMs: t.u32() }),
    reducerSchema('who_am_i', {}),
    reducerSchema('fail', { message: t.string() }),
  ).reducersType,
  ...procedures(
    procedureSchema('echo_everything', { row: everythingRow }, everythingRow),
    procedureSchema('given_procedure', { left: t.i64(), right: t.i64() }, t.i64()),
    procedureSchema(
      'get_caller',
      {},
      t.object('Caller', { identity: t.identity(), connection: t.option(t.connectionId()), database: t.identity() }),
    ),
    procedureSchema('keep_item', { name: t.string(), slot: t.u32() }, t.result(t.i32(), t.string())),
  ),
  versionInfo: { cliVersion: '2.10.1' },
};
