// The C library asks WASI for what a module does not have: files, clocks, an environment. A database has no WASI, so
// the functions are defined here: output becomes lines of the log, the clock stands at the time of the call, the rest
// answers "not there". With them a module imports nothing but `spacetime_10.x`.
//
// Names: `__wasi_…` is what Emscripten's library calls, `__imported_wasi_snapshot_preview1_…` what wasi-libc does.
// Types: WASI preview 1, https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "context.h"
#include "log.h"

namespace SpacetimeDB::detail {

/** Errnos of WASI. */
enum WasiErrno : uint16_t { WasiSuccess = 0, WasiBadFile = 8, WasiNotSupported = 52, WasiNotCapable = 76 };

struct WasiSlice {
  const char* data;
  uint32_t length;
};

/** What was printed since the last line break. */
[[clang::no_destroy]] inline std::string printed_line;

inline uint16_t wasi_write(uint32_t file, const WasiSlice* slices, uint32_t count, uint32_t* written) {
  constexpr uint32_t standard_output = 1, standard_error = 2;
  if (file != standard_output && file != standard_error) return WasiBadFile;
  *written = 0;
  for (uint32_t i = 0; i < count; i++) {
    *written += slices[i].length;
    for (char c : std::string_view{slices[i].data, slices[i].length}) {
      if (c != '\n') {
        printed_line.push_back(c);
        continue;
      }
      log(file == standard_error ? LogLevel::Error : LogLevel::Info, printed_line);
      printed_line.clear();
    }
  }
  return WasiSuccess;
}

inline uint16_t wasi_zero_both(uint32_t* a, uint32_t* b) {
  *a = *b = 0;
  return WasiSuccess;
}

inline uint16_t wasi_time(uint64_t* nanos) {
  *nanos = static_cast<uint64_t>(call_time.micros_since_unix_epoch) * 1000;
  return WasiSuccess;
}

}  // namespace SpacetimeDB::detail

// Weak and not inline: there in every object file, kept once by the linker, and dropped where nobody calls it. Under a
// name of its own, so that <wasi/api.h> may be included as well.
#ifdef __EMSCRIPTEN__
#define SPACETIMEDB_WASI_SYMBOL(name) __asm__("__wasi_" #name)
#else
#define SPACETIMEDB_WASI_SYMBOL(name) __asm__("__imported_wasi_snapshot_preview1_" #name)
#endif
#define SPACETIMEDB_WASI(name, ...)                                                        \
  extern "C" uint32_t spacetimedb_wasi_##name(__VA_ARGS__) SPACETIMEDB_WASI_SYMBOL(name);  \
  __attribute__((weak)) uint32_t spacetimedb_wasi_##name(__VA_ARGS__)

SPACETIMEDB_WASI(fd_write, uint32_t file, const SpacetimeDB::detail::WasiSlice* slices, uint32_t count,
                 uint32_t* written) {
  return SpacetimeDB::detail::wasi_write(file, slices, count, written);
}
SPACETIMEDB_WASI(clock_time_get, uint32_t, uint64_t, uint64_t* nanos) { return SpacetimeDB::detail::wasi_time(nanos); }
SPACETIMEDB_WASI(clock_res_get, uint32_t, uint64_t* nanos) {
  *nanos = 1000;
  return SpacetimeDB::detail::WasiSuccess;
}
// No arguments, no environment.
SPACETIMEDB_WASI(args_sizes_get, uint32_t* count, uint32_t* bytes) {
  return SpacetimeDB::detail::wasi_zero_both(count, bytes);
}
SPACETIMEDB_WASI(args_get, uint8_t**, uint8_t*) { return SpacetimeDB::detail::WasiSuccess; }
SPACETIMEDB_WASI(environ_sizes_get, uint32_t* count, uint32_t* bytes) {
  return SpacetimeDB::detail::wasi_zero_both(count, bytes);
}
SPACETIMEDB_WASI(environ_get, uint8_t**, uint8_t*) { return SpacetimeDB::detail::WasiSuccess; }
// No files but the two that are written to.
SPACETIMEDB_WASI(fd_close, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_sync, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_read, uint32_t, uint32_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_pread, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t) {
  return SpacetimeDB::detail::WasiBadFile;
}
SPACETIMEDB_WASI(fd_pwrite, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t) {
  return SpacetimeDB::detail::WasiBadFile;
}
SPACETIMEDB_WASI(fd_seek, uint32_t, int64_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_fdstat_get, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_fdstat_set_flags, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_filestat_get, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_prestat_get, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_prestat_dir_name, uint32_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiBadFile; }
SPACETIMEDB_WASI(fd_readdir, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t) {
  return SpacetimeDB::detail::WasiBadFile;
}
SPACETIMEDB_WASI(path_open, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t) {
  return SpacetimeDB::detail::WasiNotCapable;
}
SPACETIMEDB_WASI(path_filestat_get, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) {
  return SpacetimeDB::detail::WasiNotCapable;
}
SPACETIMEDB_WASI(path_remove_directory, uint32_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiNotCapable; }
SPACETIMEDB_WASI(path_unlink_file, uint32_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiNotCapable; }
SPACETIMEDB_WASI(poll_oneoff, uint32_t, uint32_t, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiNotSupported; }
SPACETIMEDB_WASI(sched_yield) { return SpacetimeDB::detail::WasiSuccess; }
// A call that can be repeated has no real randomness; `ctx.rng()` is what there is.
SPACETIMEDB_WASI(random_get, uint32_t, uint32_t) { return SpacetimeDB::detail::WasiNotSupported; }

// `exit` ends the call.
extern "C" [[noreturn]] void spacetimedb_wasi_proc_exit(uint32_t) SPACETIMEDB_WASI_SYMBOL(proc_exit);
__attribute__((weak)) void spacetimedb_wasi_proc_exit(uint32_t) { SpacetimeDB::fatal("the module exited"); }

#undef SPACETIMEDB_WASI
#undef SPACETIMEDB_WASI_SYMBOL

#ifdef __EMSCRIPTEN__
/** Emscripten tells its JavaScript, of which there is none, when the memory grows. */
extern "C" __attribute__((weak)) void emscripten_notify_memory_growth(size_t) {}
#endif
