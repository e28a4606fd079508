// Bytes as BSATN has them: little-endian numbers, no alignment, lengths of four bytes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "fatal.h"

namespace SpacetimeDB {

/** A growing buffer to write into. `clear` keeps the memory, so that one writer serves many calls. */
class Writer {
 public:
  constexpr Writer() = default;
  Writer(Writer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Writer& operator=(Writer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Writer() { std::free(data_); }

  /** The bytes written so far; valid until the next write. Never null. */
  uint8_t* data() { return data_ != nullptr ? data_ : &nothing; }
  const uint8_t* data() const { return data_ != nullptr ? data_ : &nothing; }
  uint32_t size() const { return size_; }
  void clear() { size_ = 0; }

  /** Makes room for `count` bytes more and returns where they go. */
  uint8_t* extend(uint32_t count) {
    if (__builtin_expect(capacity_ - size_ < count, 0)) grow(count);
    uint8_t* at = data_ + size_;
    size_ += count;
    return at;
  }

  /** Forgets what lies beyond the first `size` bytes. */
  void shrink(uint32_t size) { size_ = size; }

  void bytes(const void* from, uint32_t count) {
    if (count > 0) std::memcpy(extend(count), from, count);
  }

  /** A number (or anything without padding) as it lies in memory: wasm is little-endian as BSATN is. */
  template <class Number>
  void number(Number value) {
    std::memcpy(extend(sizeof value), &value, sizeof value);
  }

  void u8(uint8_t value) { *extend(1) = value; }
  void u16(uint16_t value) { number(value); }
  void u32(uint32_t value) { number(value); }

  void text(std::string_view value) {
    u32(value.size());
    bytes(value.data(), value.size());
  }

 private:
  __attribute__((noinline)) void grow(uint32_t count) {
    uint64_t wanted = uint64_t{size_} + count;
    if (wanted < uint64_t{capacity_} * 2) wanted = uint64_t{capacity_} * 2;
    if (wanted < 256) wanted = 256;
    auto* moved = wanted > UINT32_MAX ? nullptr : static_cast<uint8_t*>(std::realloc(data_, wanted));
    if (moved == nullptr) fatal("out of memory");
    data_ = moved;
    capacity_ = wanted;
  }

  inline static uint8_t nothing = 0;
  uint8_t* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

/** Reads what the host wrote, front to back. Does not own the bytes. Too few of them end the call. */
class Reader {
 public:
  Reader(const uint8_t* data, uint32_t size) : at_(data), end_(data + size) {}

  bool is_at_end() const { return at_ == end_; }
  uint32_t left() const { return end_ - at_; }

  /** Moves past `count` bytes and returns where they begin. */
  const uint8_t* take(uint32_t count) {
    if (__builtin_expect(left() < count, 0)) fatal("could not decode: there are fewer bytes than the type needs");
    return std::exchange(at_, at_ + count);
  }

  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }

  uint8_t u8() { return *take(1); }
  uint32_t u32() { return number<uint32_t>(); }

  /** The text lies in the reader's bytes. */
  std::string_view text() {
    uint32_t length = u32();
    return {reinterpret_cast<const char*>(take(length)), length};
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace SpacetimeDB
