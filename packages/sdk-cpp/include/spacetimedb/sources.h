// Bytes that come from the host (sources) and go to it (sinks).
#pragma once

#include "bytes.h"
#include "errno_text.h"

namespace SpacetimeDB::detail {

/** Reads a source to its end into `into`, after what is there. Source 0 has no bytes. */
inline void read_source(uint32_t source, Writer& into) {
  if (source == 0) return;
  uint32_t length = 0;
  check(abi::bytes_source_remaining_length(source, &length), "reading bytes of the host");
  if (length == 0) length = 1;  // The pointer must not be null.
  while (true) {
    uint32_t before = into.size();
    uint32_t count = length;
    int32_t answer = abi::bytes_source_read(source, into.extend(length), &count);
    into.shrink(before + count);
    if (answer == -1) return;
    check(answer, "reading bytes of the host");
    length = 1024;
  }
}

/** Writes all of it. */
inline void write_sink(uint32_t sink, const void* bytes, uint32_t length) {
  auto* at = static_cast<const uint8_t*>(bytes);
  while (length > 0) {
    uint32_t count = length;
    check(abi::bytes_sink_write(sink, at, &count), "handing a result to the host");
    at += count;
    length -= count;
  }
}

inline void write_sink(uint32_t sink, const Writer& bytes) { write_sink(sink, bytes.data(), bytes.size()); }

}  // namespace SpacetimeDB::detail
