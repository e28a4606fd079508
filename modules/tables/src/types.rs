//! Column types beyond the plain ones: shared and boxed values, nested collections, sums with payloads.
//! (Each plain type is in the module `test-module`.)

use std::rc::Rc;
use std::sync::Arc;

use spacetimedb::{Identity, ReducerContext, SpacetimeType};

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub enum Expression {
    Number(f64),
    Variable(String),
    Sum(Vec<Term>),
    Unknown,
    Named(Named),
}

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub struct Term {
    factor: i32,
    name: Option<String>,
}

#[derive(SpacetimeType, Clone, Debug, PartialEq)]
pub struct Named {
    name: Box<str>,
    owner: Option<Identity>,
    tags: Vec<Option<Result<u8, String>>>,
}

#[spacetimedb::table(accessor = document, public)]
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    #[primary_key]
    id: u32,
    boxed: Box<str>,
    counted: Rc<[u16]>,
    shared: Arc<[String]>,
    bytes: Box<[u8]>,
    unit: (),
    grid: Vec<Vec<i16>>,
    maybe_grid: Option<Vec<Option<bool>>>,
    outcome: Result<Vec<String>, Option<i64>>,
    expression: Expression,
    expressions: Vec<Expression>,
}

/// Puts a row in, and panics unless the same comes out again.
#[spacetimedb::reducer]
pub fn put_document(ctx: &ReducerContext, document: Document) {
    ctx.db.document().id().insert_or_update(document.clone());
    assert_eq!(ctx.db.document().id().find(document.id), Some(document));
}

#[spacetimedb::reducer]
pub fn put_sample_document(ctx: &ReducerContext, id: u32) {
    let named =
        Named { name: "n".into(), owner: Some(ctx.sender()), tags: vec![None, Some(Ok(7)), Some(Err("no".into()))] };
    put_document(
        ctx,
        Document {
            id,
            boxed: "boxed".into(),
            counted: vec![7, 8].into(),
            shared: vec!["shared".to_string()].into(),
            bytes: vec![1, 2, 3].into(),
            unit: (),
            grid: vec![vec![], vec![-1], vec![2, 3]],
            maybe_grid: Some(vec![None, Some(true)]),
            outcome: Err(Some(-5)),
            expression: Expression::Named(named),
            expressions: vec![
                Expression::Number(1.5),
                Expression::Variable("x".into()),
                Expression::Sum(vec![Term { factor: 2, name: None }]),
                Expression::Unknown,
            ],
        },
    );
}
