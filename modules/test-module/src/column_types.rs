//! A table with every column type, and a reducer that takes a whole row.

use spacetimedb::sats::{i256, u256};
use spacetimedb::{
    ConnectionId, Identity, ReducerContext, ScheduleAt, SpacetimeType, Table, TimeDuration, Timestamp, Uuid,
};

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub struct Position {
    x: f32,
    y: f32,
}

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub enum Shape {
    Nothing,
    Circle(f64),
    Polygon(Vec<Position>),
}

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub struct Nothing {}

#[derive(SpacetimeType, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Red,
    Green,
    DarkBlue,
}

#[spacetimedb::table(accessor = every_type, public)]
#[derive(Clone, Debug, PartialEq)]
pub struct EveryType {
    #[primary_key]
    id: u32,
    a_bool: bool,
    a_u8: u8,
    an_i8: i8,
    a_u16: u16,
    an_i16: i16,
    a_u32: u32,
    an_i32: i32,
    a_u64: u64,
    an_i64: i64,
    a_u128: u128,
    an_i128: i128,
    a_u256: u256,
    an_i256: i256,
    an_f32: f32,
    an_f64: f64,
    a_string: String,
    some_bytes: Vec<u8>,
    some_numbers: Vec<i32>,
    some_texts: Vec<String>,
    an_option: Option<u64>,
    a_nested_option: Option<Option<String>>,
    a_result: Result<u32, String>,
    a_product: Position,
    a_unit: Nothing,
    a_sum: Shape,
    a_plain_enum: Colour,
    an_identity: Identity,
    a_connection_id: ConnectionId,
    a_timestamp: Timestamp,
    a_time_duration: TimeDuration,
    a_uuid: Uuid,
    a_schedule_at: ScheduleAt,
}

#[spacetimedb::reducer]
pub fn put_every_type(ctx: &ReducerContext, row: EveryType) {
    ctx.db.every_type().id().delete(row.id);
    let id = row.id;
    ctx.db.every_type().insert(row.clone());
    let stored = ctx.db.every_type().id().find(id);
    assert_eq!(stored, Some(row), "a row must come back as it was put");
}

/// A row at the limits of its types, for whoever has no encoder at hand.
#[spacetimedb::reducer]
pub fn put_extremes(ctx: &ReducerContext, id: u32) {
    put_every_type(
        ctx,
        EveryType {
            id,
            a_bool: true,
            a_u8: u8::MAX,
            an_i8: i8::MIN,
            a_u16: u16::MAX,
            an_i16: i16::MIN,
            a_u32: u32::MAX,
            an_i32: i32::MIN,
            a_u64: u64::MAX,
            an_i64: i64::MIN,
            a_u128: u128::MAX,
            an_i128: i128::MIN,
            a_u256: u256::MAX,
            an_i256: i256::MIN,
            an_f32: f32::MIN_POSITIVE,
            an_f64: f64::MAX,
            a_string: "Grüße, 世界 🚀".to_string(),
            some_bytes: vec![0, 1, 254, 255],
            some_numbers: vec![i32::MIN, 0, i32::MAX],
            some_texts: vec![String::new(), "two".to_string()],
            an_option: Some(u64::MAX),
            a_nested_option: Some(None),
            a_result: Err("no".to_string()),
            a_product: Position { x: -0.5, y: 1e30 },
            a_unit: Nothing {},
            a_sum: Shape::Polygon(vec![Position { x: 1.0, y: 2.0 }, Position { x: 3.0, y: 4.0 }]),
            a_plain_enum: Colour::DarkBlue,
            an_identity: ctx.sender(),
            a_connection_id: ConnectionId::from_u128(u128::MAX),
            a_timestamp: Timestamp::from_micros_since_unix_epoch(i64::MAX),
            a_time_duration: TimeDuration::from_micros(i64::MIN),
            a_uuid: Uuid::MAX,
            a_schedule_at: ScheduleAt::Time(Timestamp::UNIX_EPOCH),
        },
    );
}

/// A big row: its text goes well beyond one 64 KiB page.
#[spacetimedb::table(accessor = large, public)]
pub struct Large {
    #[primary_key]
    id: u32,
    text: String,
    bytes: Vec<u8>,
}

#[spacetimedb::reducer]
pub fn put_large(ctx: &ReducerContext, id: u32, length: u32) {
    let length = length as usize;
    ctx.db.large().id().delete(id);
    ctx.db.large().insert(Large { id, text: "x".repeat(length), bytes: vec![7; length] });
    let stored = ctx.db.large().id().find(id).map(|row| (row.text.len(), row.bytes.len()));
    assert_eq!(stored, Some((length, length)));
}
