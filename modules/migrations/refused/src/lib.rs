//! After `compatible`: nothing but changes that need a migration by hand, all of which the refusal names. A column without
//! a default, a column less, a column of another type, a variant less, an event table that becomes an ordinary one.

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
    #[index(btree)]
    name: String,
    age: u32,
}

#[spacetimedb::table(accessor = pet, public)]
pub struct Pet {
    #[primary_key]
    id: u32,
    kind: Kind,
    #[index(btree)]
    weight: u64,
    #[unique]
    chip: String,
}

#[spacetimedb::table(accessor = scratch, public)]
pub struct Scratch {
    #[primary_key]
    id: u32,
}

#[spacetimedb::table(accessor = ledger, public)]
pub struct Ledger {
    #[primary_key]
    #[auto_inc]
    id: u64,
    line: String,
}

#[spacetimedb::table(accessor = ping, public)]
pub struct Ping {
    text: String,
}

#[spacetimedb::table(accessor = toy, public)]
pub struct Toy {
    #[primary_key]
    #[auto_inc]
    id: u64,
}

#[derive(SpacetimeType)]
pub struct HeavyPet {
    id: u32,
    weight: u64,
}

#[view(accessor = heavy_pets, public)]
fn heavy_pets(ctx: &AnonymousViewContext) -> Vec<HeavyPet> {
    let pets = ctx.db.pet().weight().filter(5u64..);
    pets.map(|pet| HeavyPet { id: pet.id, weight: pet.weight }).collect()
}

#[view(accessor = person_count, public)]
fn person_count(ctx: &AnonymousViewContext) -> Option<PersonCount> {
    Some(PersonCount { people: ctx.db.person().count() })
}

#[derive(SpacetimeType)]
pub struct PersonCount {
    people: u64,
}

#[spacetimedb::reducer(init)]
pub fn init(ctx: &ReducerContext) {
    ctx.db.ledger().insert(Ledger { id: 0, line: "init of refused".to_string() });
}

#[spacetimedb::reducer]
pub fn add_person(ctx: &ReducerContext, name: String) {
    ctx.db.person().insert(Person { id: 0, name, age: 0 });
}

#[spacetimedb::reducer]
pub fn add_pet(ctx: &ReducerContext, id: u32, kind: Kind, weight: u64) {
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
pub fn add_toy(ctx: &ReducerContext) {
    ctx.db.toy().insert(Toy { id: 0 });
}

/// Uses the new index.
#[spacetimedb::reducer]
pub fn rename_people(ctx: &ReducerContext, from: String, to: String) {
    let people: Vec<Person> = ctx.db.person().name().filter(&from).collect();
    for person in people {
        ctx.db.person().id().update(Person { name: to.clone(), ..person });
    }
}
