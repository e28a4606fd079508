//! What a view says of some keys has to be what their rows say, in every transaction.

use spacetimedb::{view, AnonymousViewContext, SpacetimeType};

use crate::{element__view, register__view, Element};

/// Keys that the view reads, one by one.
const KEYS: std::ops::Range<u32> = 0..2;

#[derive(SpacetimeType)]
pub struct KeyContent {
    key: u32,
    list: Vec<u64>,
    register: Option<u64>,
}

#[view(accessor = key_content, public)]
fn key_content(ctx: &AnonymousViewContext) -> Vec<KeyContent> {
    KEYS.map(|key| {
        let mut elements: Vec<Element> = ctx.db.element().key().filter(key).collect();
        elements.sort_by_key(|element| element.position);
        let list = elements.iter().map(|element| element.value).collect();
        KeyContent { key, list, register: ctx.db.register().key().find(key).map(|register| register.value) }
    })
    .collect()
}
