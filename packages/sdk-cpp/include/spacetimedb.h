// The C++ SDK for modules of Lightcone and SpacetimeDB: everything with one include.
//
//   #include <spacetimedb.h>
//   using namespace SpacetimeDB;
//
//   struct Person { uint64_t id; std::string name; };
//   SPACETIMEDB_STRUCT(Person, id, name)
//   SPACETIMEDB_TABLE(Person, person, Public)
//   FIELD_PrimaryKeyAutoInc(person, id)
//
//   SPACETIMEDB_REDUCER(add, ReducerContext ctx, std::string name) {
//     ctx.db[person].insert({0, name});
//     return Ok();
//   }
#pragma once

#include "spacetimedb/client_visibility_filter.h"
#include "spacetimedb/entry_points.h"
#include "spacetimedb/enum.h"
#include "spacetimedb/http_handler.h"
#include "spacetimedb/log.h"
#include "spacetimedb/procedure.h"
#include "spacetimedb/query.h"
#include "spacetimedb/reducer.h"
#include "spacetimedb/schedule.h"
#include "spacetimedb/settings.h"
#include "spacetimedb/struct.h"
#include "spacetimedb/table.h"
#include "spacetimedb/view.h"
