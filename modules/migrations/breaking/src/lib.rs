//! After `compatible`: changes for which clients have to reconnect. New columns with defaults, a table less, a view with
//! other columns.

use spacetimedb::{view, AnonymousViewContext, ReducerContext, SpacetimeType, Table};

#[derive(SpacetimeType, Clone, Copy)]
pub enum Kind {
    Cat,
    Dog,
    Parrot,
}

#[spacetimedb::table(accessor = person, public)]
pub struct Person {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    name: String,
    #[default(18)]
    #[index(btree)]
    age: u32,
    #[default(None)]
    nickname: Option<String>,
    #[default("none")]
    motto: String,
    #[default(Kind::Dog)]
    prefers: Kind,
}

#[spacetimedb::table(accessor = pet, public)]
pub struct Pet {
    #[primary_key]
    id: u32,
    kind: Kind,
    #[index(btree)]
    weight: u32,
    #[unique]
    chip: String,
}

#[spacetimedb::table(accessor = ledger, public)]
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

#[spacetimedb::table(accessor = toy, public)]
pub struct Toy {
    #[primary_key]
    #[auto_inc]
    id: u64,
    pet_id: u32,
}

#[derive(SpacetimeType)]
pub struct HeavyPet {
    id: u32,
    weight: u32,
}

#[view(accessor = heavy_pets, public)]
fn heavy_pets(ctx: &AnonymousViewContext) -> Vec<HeavyPet> {
    let pets = ctx.db.pet().weight().filter(5u32..);
    pets.map(|pet| HeavyPet { id: pet.id, weight: pet.weight }).collect()
}

#[view(accessor = person_count, public)]
fn person_count(ctx: &AnonymousViewContext) -> Option<PersonCount> {
    Some(PersonCount { people: ctx.db.person().count(), pets: ctx.db.pet().count() })
}

#[derive(SpacetimeType)]
pub struct PersonCount {
    people: u64,
    pets: u64,
}

#[spacetimedb::reducer(init)]
pub fn init(ctx: &ReducerContext) {
    ctx.db.ledger().insert(Ledger { id: 0, line: "init of breaking".to_string() });
}

#[spacetimedb::reducer]
pub fn add_person(ctx: &ReducerContext, name: String) {
    ctx.db.person().insert(Person { id: 0, name, age: 0, nickname: None, motto: String::new(), prefers: Kind::Cat });
}

#[spacetimedb::reducer]
pub fn add_pet(ctx: &ReducerContext, id: u32, kind: Kind, weight: u32) {
    ctx.db.pet().insert(Pet { id, kind, weight, chip: format!("chip {id}") });
}

#[spacetimedb::reducer]
pub fn add_toy(ctx: &ReducerContext, pet_id: u32) {
    ctx.db.toy().insert(Toy { id: 0, pet_id });
}

/// Uses the new index.
#[spacetimedb::reducer]
pub fn rename_people(ctx: &ReducerContext, from: String, to: String) {
    let people: Vec<Person> = ctx.db.person().name().filter(&from).collect();
    for person in people {
        ctx.db.person().id().update(Person { name: to.clone(), ..person });
    }
}
