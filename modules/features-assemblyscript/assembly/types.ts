// A column of every type.

import {
  ConnectionId,
  i128,
  i256,
  Identity,
  Option,
  primaryKey,
  product,
  reducer,
  ReducerContext,
  Result,
  ScheduleAt,
  sum,
  table,
  TimeDuration,
  Timestamp,
  u128,
  u256,
  Uuid,
  variant,
} from '@lightcone/sdk-assemblyscript';
import { expect } from './answer';

/** A plain enum. */
export enum Color {
  Red,
  Green,
  Blue,
}

@product
export class Point {
  x: f64;
  y: f64;
}

/** A tagged union: without payload, and with a scalar, an enum, a struct, a list as payload. */
@sum
export abstract class Shape {}

@variant
export class Empty extends Shape {}

@variant
export class Circle extends Shape {
  radius: f64;
}

@variant
export class Dyed extends Shape {
  color: Color;
}

@variant
export class Dot extends Shape {
  point: Point;
}

@variant
export class Polygon extends Shape {
  points: Point[];
}

@table({ access: 'public' })
export class Everything {
  @primaryKey
  id: u32;
  flag: bool;
  u8: u8;
  u16: u16;
  u32: u32;
  u64: u64;
  u128: u128;
  u256: u256;
  i8: i8;
  i16: i16;
  i32: i32;
  i64: i64;
  i128: i128;
  i256: i256;
  f32: f32;
  f64: f64;
  text: string;
  bytes: Uint8Array;
  identity: Identity;
  connection: ConnectionId;
  timestamp: Timestamp;
  duration: TimeDuration;
  schedule: ScheduleAt;
  uuid: Uuid;
  color: Color;
  point: Point;
  shape: Shape;
  shapes: Shape[];
  numbers: i32[];
  texts: string[];
  grid: u16[][];
  someText: string | null;
  somePoint: Point | null;
  options: Option<u64>[];
  result: Result<u32, string>;
}

export class Types {
  /** Puts a row in, or another in its place, and finds the same by its key. */
  @reducer
  static putEverything(ctx: ReducerContext, row: Everything): void {
    put(ctx, row);
  }

  /** The rows 1 and 2 have the least and the greatest value of each type. */
  @reducer
  static checkTypes(ctx: ReducerContext): void {
    put(ctx, least());
    put(ctx, greatest());
    const other = greatest();
    other.result = Result.ok<u32, string>(7);
    put(ctx, other);
    put(ctx, greatest());
    const rows = ctx.db.everything;
    let found = 0;
    for (const row of rows.iter()) {
      if (row.id == 1 && isSame(ctx, row, least())) found++;
    }
    expect(found == 1, 'the first row is found by a scan');
    expect(rows.delete(greatest()), 'a row is deleted by its value');
    expect(!rows.delete(greatest()), 'a row that is gone cannot be deleted');
    rows.insert(greatest());
  }
}

function put(ctx: ReducerContext, row: Everything): void {
  const rows = ctx.db.everything;
  if (rows.id.find(row.id) !== null) rows.id.update(row);
  else rows.insert(row);
  const found = rows.id.find(row.id);
  expect(found !== null && isSame(ctx, found, row), 'the row is found as it was put');
}

/** Rows are the same if their bytes are. */
function isSame(ctx: ReducerContext, one: Everything, other: Everything): bool {
  return ctx.db.everything.bytesOf(one).toString() == ctx.db.everything.bytesOf(other).toString();
}

function least(): Everything {
  return {
    id: 1,
    flag: false,
    u8: 0,
    u16: 0,
    u32: 0,
    u64: 0,
    u128: new u128(),
    u256: new u256(),
    i8: i8.MIN_VALUE,
    i16: i16.MIN_VALUE,
    i32: i32.MIN_VALUE,
    i64: i64.MIN_VALUE,
    i128: new i128(0, i64.MIN_VALUE),
    i256: new i256(0, 0, 0, i64.MIN_VALUE),
    f32: -f32.MAX_VALUE,
    f64: -f64.MAX_VALUE,
    text: '',
    bytes: new Uint8Array(0),
    identity: new Identity(),
    connection: new ConnectionId(),
    timestamp: new Timestamp(i64.MIN_VALUE),
    duration: new TimeDuration(i64.MIN_VALUE),
    schedule: ScheduleAt.interval(new TimeDuration()),
    uuid: new Uuid(),
    color: Color.Red,
    point: { x: -0.5, y: -1e300 },
    shape: new Empty(),
    shapes: [],
    numbers: [],
    texts: [],
    grid: [],
    someText: null,
    somePoint: null,
    options: [],
    result: Result.err<u32, string>('nothing'),
  };
}

function greatest(): Everything {
  const most = u64.MAX_VALUE;
  return {
    id: 2,
    flag: true,
    u8: u8.MAX_VALUE,
    u16: u16.MAX_VALUE,
    u32: u32.MAX_VALUE,
    u64: most,
    u128: new u128(most, most),
    u256: new u256(most, most, most, most),
    i8: i8.MAX_VALUE,
    i16: i16.MAX_VALUE,
    i32: i32.MAX_VALUE,
    i64: i64.MAX_VALUE,
    i128: new i128(most, i64.MAX_VALUE),
    i256: new i256(most, most, most, i64.MAX_VALUE),
    f32: f32.MAX_VALUE,
    f64: f64.MAX_VALUE,
    text: 'grüße, 世界 🚀',
    bytes: bytesOf([0, 127, 255]),
    identity: new Identity(most, most, most, most),
    connection: new ConnectionId(most, most),
    timestamp: new Timestamp(i64.MAX_VALUE),
    duration: new TimeDuration(i64.MAX_VALUE),
    schedule: ScheduleAt.time(new Timestamp(1)),
    uuid: new Uuid(most, most),
    color: Color.Blue,
    point: { x: 0.5, y: 1e300 },
    shape: polygon(),
    shapes: [new Empty(), circle(1.5), dyed(Color.Green), dot({ x: 0, y: 1 })],
    numbers: [i32.MIN_VALUE, -1, 0, 1, i32.MAX_VALUE],
    texts: ['', 'one'],
    grid: [[], [1], [2, 3]],
    someText: 'some',
    somePoint: { x: 5, y: 6 },
    options: [Option.none<u64>(), Option.some<u64>(most)],
    result: Result.ok<u32, string>(u32.MAX_VALUE),
  };
}

function bytesOf(values: u8[]): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) bytes[at] = values[at];
  return bytes;
}

function circle(radius: f64): Circle {
  return { radius };
}

function dyed(color: Color): Dyed {
  return { color };
}

function dot(point: Point): Dot {
  return { point };
}

function polygon(): Polygon {
  return {
    points: [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ],
  };
}
