//! Arguments and results of every kind. A `Result` is a value like others: its `Err` is no failure of the procedure.

use spacetimedb::sats::{i256, u256};
use spacetimedb::{procedure, ProcedureContext, SpacetimeType, TimeDuration, Timestamp};

#[derive(SpacetimeType, Clone, Debug)]
pub struct Point {
    x: f64,
    y: f64,
}

#[derive(SpacetimeType, Clone, Debug)]
pub enum Shape {
    Nothing,
    Circle(Circle),
    Polygon(Vec<Point>),
}

#[derive(SpacetimeType, Clone, Debug)]
pub struct Circle {
    center: Point,
    radius: f64,
}

#[derive(SpacetimeType)]
pub struct Extremes {
    bytes: Vec<u8>,
    smallest: i256,
    largest: u256,
    never: Option<Timestamp>,
    a_while: TimeDuration,
}

#[procedure]
fn do_nothing(_ctx: &mut ProcedureContext) {}

#[procedure]
fn add(_ctx: &mut ProcedureContext, a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

#[procedure]
fn greet(_ctx: &mut ProcedureContext, name: String, is_formal: bool) -> String {
    format!("{} {name}", if is_formal { "Good day," } else { "Hi" })
}

#[procedure]
fn divide(_ctx: &mut ProcedureContext, dividend: i32, divisor: i32) -> Result<i32, String> {
    dividend.checked_div(divisor).ok_or_else(|| format!("{dividend} cannot be divided by {divisor}"))
}

#[procedure]
fn first_char(_ctx: &mut ProcedureContext, text: String) -> Option<String> {
    text.chars().next().map(String::from)
}

#[procedure]
fn bounding_box(_ctx: &mut ProcedureContext, shape: Shape) -> Vec<Point> {
    let points = match shape {
        Shape::Nothing => vec![],
        Shape::Circle(Circle { center: Point { x, y }, radius }) => {
            vec![Point { x: x - radius, y: y - radius }, Point { x: x + radius, y: y + radius }]
        }
        Shape::Polygon(points) => points,
    };
    if points.is_empty() {
        return points;
    }
    let from = |pick: fn(&Point) -> f64| points.iter().map(pick).fold(f64::INFINITY, f64::min);
    let to = |pick: fn(&Point) -> f64| points.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
    vec![Point { x: from(|p| p.x), y: from(|p| p.y) }, Point { x: to(|p| p.x), y: to(|p| p.y) }]
}

#[procedure]
fn echo_shape(_ctx: &mut ProcedureContext, shape: Shape) -> Shape {
    shape
}

#[procedure]
fn extremes(_ctx: &mut ProcedureContext) -> Extremes {
    Extremes {
        bytes: vec![0, 127, 255],
        smallest: i256::MIN,
        largest: u256::MAX,
        never: None,
        a_while: TimeDuration::from_micros(1_500_000),
    }
}

/// A result far larger than a page of memory.
#[procedure]
fn many_bytes(_ctx: &mut ProcedureContext, count: u32) -> Vec<u8> {
    (0..count).map(|index| index as u8).collect()
}

/// Known to clients by another name than to the module.
#[procedure(name = "ping")]
fn answer_ping(_ctx: &mut ProcedureContext) -> String {
    "pong".to_string()
}

#[procedure]
fn panic_with(_ctx: &mut ProcedureContext, message: String) {
    panic!("{message}");
}

#[procedure]
fn loop_forever(_ctx: &mut ProcedureContext) {
    let mut state = 1u64;
    loop {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}
