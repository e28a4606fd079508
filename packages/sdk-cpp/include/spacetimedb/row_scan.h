// Rows as they come from the host, a buffer at a time: however many there are, the memory stays the same.
#pragma once

#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "errno_text.h"
#include "struct.h"

namespace SpacetimeDB {
namespace detail {

/** A piece of memory for rows. Kept for the next scan, as long as it is of the usual size. */
struct RowBlock {
  static constexpr uint32_t usual_size = 65536;
  static constexpr uint32_t kept = 8;

  uint8_t* data = nullptr;
  uint32_t capacity = 0;

  static RowBlock acquire() {
    if (free_count > 0) return free_blocks[--free_count];
    return allocate(usual_size);
  }
  static RowBlock allocate(uint32_t capacity) {
    auto* data = static_cast<uint8_t*>(std::malloc(capacity));
    if (data == nullptr) fatal("out of memory for rows");
    return {data, capacity};
  }
  void release() {
    if (capacity == usual_size && free_count < kept) {
      free_blocks[free_count++] = *this;
    } else {
      std::free(data);
    }
  }

 private:
  static RowBlock free_blocks[kept];
  inline static constinit uint32_t free_count = 0;
};
inline constinit RowBlock RowBlock::free_blocks[RowBlock::kept] = {};

/** The bytes of an open row iterator. */
class RowScan {
 public:
  explicit RowScan(uint32_t iterator) : iterator_(iterator), block_(RowBlock::acquire()) {}
  RowScan(RowScan&& other) noexcept
      : iterator_(std::exchange(other.iterator_, 0)),
        block_(std::exchange(other.block_, {})),
        at_(other.at_),
        end_(std::exchange(other.end_, other.at_)) {}
  RowScan& operator=(RowScan&&) = delete;
  ~RowScan() {
    if (iterator_ != 0) abi::row_iter_bsatn_close(iterator_);
    if (block_.data != nullptr) block_.release();
  }

  /** Reads the next row into `row`; false if there is none. */
  template <class Row>
  bool next(Row& row) {
    if (at_ == end_ && !fill()) return false;
    Reader reader{at_, static_cast<uint32_t>(end_ - at_)};
    ShapeOf<Row>::read(reader, row);
    at_ = end_ - reader.left();
    return true;
  }

 private:
  bool fill() {
    while (iterator_ != 0) {
      uint32_t length = block_.capacity;
      int32_t answer = abi::row_iter_bsatn_advance(iterator_, block_.data, &length);
      if (answer == static_cast<int32_t>(Errno::BufferTooSmall)) {
        std::exchange(block_, RowBlock::allocate(length)).release();
        continue;
      }
      if (answer == -1) {
        iterator_ = 0;
      } else {
        check(answer, "reading rows");
      }
      at_ = block_.data;
      end_ = at_ + length;
      if (length > 0) return true;
    }
    return false;
  }

  uint32_t iterator_;
  RowBlock block_;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
};

}  // namespace detail

/** Walks over rows once. */
template <class Row>
class RowIterator {
 public:
  using value_type = Row;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit RowIterator(uint32_t iterator) : scan_(iterator) { ++*this; }
  /** Leaves the other one at its end. */
  RowIterator(RowIterator&& other) noexcept
      : scan_(std::move(other.scan_)),
        row_(std::move(other.row_)),
        is_at_end_(std::exchange(other.is_at_end_, true)) {}

  Row& operator*() { return row_; }
  Row* operator->() { return &row_; }
  RowIterator& operator++() {
    is_at_end_ = !scan_.next(row_);
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return is_at_end_; }

 private:
  detail::RowScan scan_;
  Row row_{};
  bool is_at_end_ = false;
};

/**
 * The rows that a scan finds, as they were when it began: what the module changes meanwhile does not show.
 * For one range-for, or one of the functions below: whatever comes after it finds no rows.
 */
template <class Row>
class Rows {
 public:
  explicit Rows(uint32_t iterator) : iterator_(iterator) {}

  RowIterator<Row> begin() { return std::move(iterator_); }
  std::default_sentinel_t end() const { return {}; }

  std::vector<Row> collect() {
    std::vector<Row> rows;
    for (Row& row : *this) rows.push_back(std::move(row));
    return rows;
  }
  std::optional<Row> first() {
    RowIterator<Row> rows = begin();
    if (rows == end()) return std::nullopt;
    return std::move(*rows);
  }
  uint64_t count() {
    uint64_t count = 0;
    for (RowIterator<Row> rows = begin(); rows != end(); ++rows) count++;
    return count;
  }

 private:
  RowIterator<Row> iterator_;
};

}  // namespace SpacetimeDB
