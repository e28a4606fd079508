// Uses the standard library where it would ask an operating system: whatever it asks has to be answered by the SDK.

#include <spacetimedb.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <unordered_map>

using namespace SpacetimeDB;

// Made before main would be: constructors of globals run.
static const std::map<std::string, int> numbers = {{"one", 1}, {"two", 2}};
static std::unordered_map<std::string, int> calls;

SPACETIMEDB_REDUCER(print, ReducerContext, std::string text) {
  std::printf("printf %s\n", text.c_str());
  std::cout << "cout " << text << std::endl;
  std::fprintf(stderr, "stderr %s\n", text.c_str());
  std::printf("an unfinished line");
  std::fflush(stdout);
  std::printf(", finished\n");
  std::fflush(stdout);
  return Ok();
}

SPACETIMEDB_REDUCER(look_around, ReducerContext) {
  auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const char* home = std::getenv("HOME");
  std::FILE* file = std::fopen("/etc/passwd", "r");
  return Err(text("time ", static_cast<int64_t>(now.count()), ", home ", home == nullptr ? "none" : home, ", file ",
                  file == nullptr ? "none" : "open", ", two ", numbers.at("two"), ", call ", ++calls["look_around"]));
}

SPACETIMEDB_REDUCER(leave, ReducerContext) { std::exit(3); }
SPACETIMEDB_REDUCER(give_up, ReducerContext) { std::abort(); }
