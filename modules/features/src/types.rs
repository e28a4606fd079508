//! A column of every type.

use spacetimedb::sats::{i256, u256};
use spacetimedb::{
    ConnectionId, Identity, ReducerContext, ScheduleAt, SpacetimeType, Table, TimeDuration, Timestamp, Uuid,
};

use crate::expect;

/// A plain enum.
#[derive(SpacetimeType, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Color {
    Red,
    Green,
    Blue,
}

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A tagged union: without payload, and with a scalar, an enum, a struct, a list as payload.
#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub enum Shape {
    Empty,
    Circle(f64),
    Dyed(Color),
    Dot(Point),
    Polygon(Vec<Point>),
}

#[spacetimedb::table(accessor = everything, public)]
#[derive(Clone, Debug, PartialEq)]
pub struct Everything {
    #[primary_key]
    pub id: u32,
    pub flag: bool,
    pub u8: u8,
    pub u16: u16,
    pub u32: u32,
    pub u64: u64,
    pub u128: u128,
    pub u256: u256,
    pub i8: i8,
    pub i16: i16,
    pub i32: i32,
    pub i64: i64,
    pub i128: i128,
    pub i256: i256,
    pub f32: f32,
    pub f64: f64,
    pub text: String,
    pub bytes: Vec<u8>,
    pub identity: Identity,
    pub connection: ConnectionId,
    pub timestamp: Timestamp,
    pub duration: TimeDuration,
    pub schedule: ScheduleAt,
    pub uuid: Uuid,
    pub color: Color,
    pub point: Point,
    pub shape: Shape,
    pub shapes: Vec<Shape>,
    pub numbers: Vec<i32>,
    pub texts: Vec<String>,
    pub grid: Vec<Vec<u16>>,
    pub some_text: Option<String>,
    pub some_point: Option<Point>,
    pub options: Vec<Option<u64>>,
    pub result: Result<u32, String>,
}

/// Puts a row in, or another in its place, and finds the same by its key.
#[spacetimedb::reducer]
pub fn put_everything(ctx: &ReducerContext, row: Everything) -> Result<(), String> {
    let rows = ctx.db.everything();
    if rows.id().find(row.id).is_some() {
        rows.id().update(row.clone());
    } else {
        rows.insert(row.clone());
    }
    expect(rows.id().find(row.id) == Some(row), "the row is found as it was put")
}

/// The rows 1 and 2 have the least and the greatest value of each type.
#[spacetimedb::reducer]
pub fn check_types(ctx: &ReducerContext) -> Result<(), String> {
    put_everything(ctx, least())?;
    put_everything(ctx, greatest())?;
    put_everything(ctx, Everything { result: Ok(7), ..greatest() })?;
    put_everything(ctx, greatest())?;
    let rows = ctx.db.everything();
    expect(rows.iter().filter(|row| row.id == 1).eq([least()]), "the first row is found by a scan")?;
    expect(rows.delete(greatest()), "a row is deleted by its value")?;
    expect(!rows.delete(greatest()), "a row that is gone cannot be deleted")?;
    rows.insert(greatest());
    Ok(())
}

fn least() -> Everything {
    Everything {
        id: 1,
        flag: false,
        u8: 0,
        u16: 0,
        u32: 0,
        u64: 0,
        u128: 0,
        u256: u256::MIN,
        i8: i8::MIN,
        i16: i16::MIN,
        i32: i32::MIN,
        i64: i64::MIN,
        i128: i128::MIN,
        i256: i256::MIN,
        f32: f32::MIN,
        f64: f64::MIN,
        text: String::new(),
        bytes: vec![],
        identity: Identity::ZERO,
        connection: ConnectionId::ZERO,
        timestamp: Timestamp::from_micros_since_unix_epoch(i64::MIN),
        duration: TimeDuration::from_micros(i64::MIN),
        schedule: ScheduleAt::Interval(TimeDuration::from_micros(0)),
        uuid: Uuid::NIL,
        color: Color::Red,
        point: Point { x: -0.5, y: -1e300 },
        shape: Shape::Empty,
        shapes: vec![],
        numbers: vec![],
        texts: vec![],
        grid: vec![],
        some_text: None,
        some_point: None,
        options: vec![],
        result: Err("nothing".to_string()),
    }
}

fn greatest() -> Everything {
    Everything {
        id: 2,
        flag: true,
        u8: u8::MAX,
        u16: u16::MAX,
        u32: u32::MAX,
        u64: u64::MAX,
        u128: u128::MAX,
        u256: u256::MAX,
        i8: i8::MAX,
        i16: i16::MAX,
        i32: i32::MAX,
        i64: i64::MAX,
        i128: i128::MAX,
        i256: i256::MAX,
        f32: f32::MAX,
        f64: f64::MAX,
        text: "grüße, 世界 🚀".to_string(),
        bytes: vec![0, 127, 255],
        identity: Identity::from_byte_array([255; 32]),
        connection: ConnectionId::from_u128(u128::MAX),
        timestamp: Timestamp::from_micros_since_unix_epoch(i64::MAX),
        duration: TimeDuration::from_micros(i64::MAX),
        schedule: ScheduleAt::Time(Timestamp::from_micros_since_unix_epoch(1)),
        uuid: Uuid::MAX,
        color: Color::Blue,
        point: Point { x: 0.5, y: 1e300 },
        shape: Shape::Polygon(vec![Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 }]),
        shapes: vec![Shape::Empty, Shape::Circle(1.5), Shape::Dyed(Color::Green), Shape::Dot(Point { x: 0.0, y: 1.0 })],
        numbers: vec![i32::MIN, -1, 0, 1, i32::MAX],
        texts: vec![String::new(), "one".to_string()],
        grid: vec![vec![], vec![1], vec![2, 3]],
        some_text: Some("some".to_string()),
        some_point: Some(Point { x: 5.0, y: 6.0 }),
        options: vec![None, Some(u64::MAX)],
        result: Ok(u32::MAX),
    }
}
