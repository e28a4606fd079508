//! The first version of a module that changes: see `compatible`, `breaking`, `refused` and `depends-on-data`.

use spacetimedb::{view, AnonymousViewContext, ReducerContext, SpacetimeType, Table};

#[derive(SpacetimeType, Clone, Copy)]
pub enum Kind {
    Cat,
    Dog,
}

#[spacetimedb::table(accessor = person, public)]
pub struct Person {
    #[primary_key]
    #[auto_inc]
    id: u64,
    name: String,
}

#[spacetimedb::table(accessor = pet, public)]
pub struct Pet {
    #[primary_key]
    id: u32,
    kind: Kind,
    #[index(btree)]
    weight: u32,
    chip: String,
}

#[spacetimedb::table(accessor = scratch, public)]
pub struct Scratch {
    #[primary_key]
    id: u32,
}

#[spacetimedb::table(accessor = ledger)]
pub struct Ledger {
    #[primary_key]
    #[auto_inc]
    id: u64,
    line: String,
}

#[spacetimedb::table(accessor = ping, public, event)]
pub struct Ping {
    text: String,
}

#[derive(SpacetimeType)]
pub struct HeavyPet {
    id: u32,
    weight: u32,
}

#[view(accessor = heavy_pets, public)]
fn heavy_pets(ctx: &AnonymousViewContext) -> Vec<HeavyPet> {
    let pets = ctx.db.pet().weight().filter(10u32..);
    pets.map(|pet| HeavyPet { id: pet.id, weight: pet.weight }).collect()
}

#[spacetimedb::reducer(init)]
pub fn init(ctx: &ReducerContext) {
    ctx.db.ledger().insert(Ledger { id: 0, line: "init of start".to_string() });
}

#[spacetimedb::reducer]
pub fn add_person(ctx: &ReducerContext, name: String) {
    ctx.db.person().insert(Person { id: 0, name });
}

#[spacetimedb::reducer]
pub fn add_pet(ctx: &ReducerContext, id: u32, kind: Kind, weight: u32) {
    ctx.db.pet().insert(Pet { id, kind, weight, chip: format!("chip {id}") });
}

#[spacetimedb::reducer]
pub fn add_scratch(ctx: &ReducerContext, id: u32) {
    ctx.db.scratch().insert(Scratch { id });
}

#[spacetimedb::reducer]
pub fn clear_scratch(ctx: &ReducerContext) {
    ctx.db.scratch().clear();
}

#[spacetimedb::reducer]
pub fn remove_person(ctx: &ReducerContext, id: u64) {
    ctx.db.person().id().delete(id);
}

#[spacetimedb::reducer]
pub fn clear_pets(ctx: &ReducerContext) {
    ctx.db.pet().clear();
}
