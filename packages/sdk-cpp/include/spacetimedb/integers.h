// Integers beyond 64 bits. 128 are the compiler's own; 256 are made of four 64-bit words.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <type_traits>

namespace SpacetimeDB {

using u128 = unsigned __int128;
using i128 = __int128;

namespace detail {

template <class T>
concept AnyInteger = std::is_integral_v<T> || std::is_same_v<T, u128> || std::is_same_v<T, i128>;

/** 256 bits in two's complement; arithmetic wraps around as it does for the built-in unsigned types. */
template <bool IsSigned>
class Wide {
 public:
  constexpr Wide() = default;

  /** Sign-extends what is signed. */
  template <AnyInteger Integer>
  constexpr Wide(Integer value) {
    uint64_t filler = value < Integer{} ? UINT64_MAX : 0;
    words_ = {static_cast<uint64_t>(value), filler, filler, filler};
    if constexpr (sizeof(Integer) == 16) words_[1] = static_cast<uint64_t>(value >> 64);
  }

  /** Words from the least significant one to the most significant one. */
  static constexpr Wide from_words(std::array<uint64_t, 4> words) {
    Wide wide;
    wide.words_ = words;
    return wide;
  }
  constexpr const std::array<uint64_t, 4>& words() const { return words_; }

  static constexpr Wide min() { return IsSigned ? from_words({0, 0, 0, uint64_t{1} << 63}) : Wide{}; }
  static constexpr Wide max() { return ~min(); }

  constexpr bool is_negative() const { return IsSigned && words_[3] >> 63 != 0; }

  /** The low bits. */
  explicit constexpr operator uint64_t() const { return words_[0]; }
  explicit constexpr operator bool() const { return (words_[0] | words_[1] | words_[2] | words_[3]) != 0; }

  friend constexpr bool operator==(const Wide&, const Wide&) = default;
  friend constexpr std::strong_ordering operator<=>(const Wide& a, const Wide& b) {
    if (a.is_negative() != b.is_negative()) return b.is_negative() <=> a.is_negative();
    for (int i = 3; i > 0; i--) {
      if (a.words_[i] != b.words_[i]) return a.words_[i] <=> b.words_[i];
    }
    return a.words_[0] <=> b.words_[0];
  }

  constexpr Wide operator~() const { return from_words({~words_[0], ~words_[1], ~words_[2], ~words_[3]}); }
  constexpr Wide operator-() const { return ~*this + Wide{1}; }

  friend constexpr Wide operator+(const Wide& a, const Wide& b) {
    Wide sum;
    u128 carry = 0;
    for (int i = 0; i < 4; i++) {
      carry += u128{a.words_[i]} + b.words_[i];
      sum.words_[i] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    return sum;
  }
  friend constexpr Wide operator-(const Wide& a, const Wide& b) { return a + (~b + Wide{1}); }

  friend constexpr Wide operator*(const Wide& a, const Wide& b) {
    Wide product;
    for (int i = 0; i < 4; i++) {
      u128 carry = 0;
      for (int j = 0; i + j < 4; j++) {
        carry += u128{a.words_[i]} * b.words_[j] + product.words_[i + j];
        product.words_[i + j] = static_cast<uint64_t>(carry);
        carry >>= 64;
      }
    }
    return product;
  }

  friend constexpr Wide operator&(Wide a, const Wide& b) {
    for (int i = 0; i < 4; i++) a.words_[i] &= b.words_[i];
    return a;
  }
  friend constexpr Wide operator|(Wide a, const Wide& b) {
    for (int i = 0; i < 4; i++) a.words_[i] |= b.words_[i];
    return a;
  }
  friend constexpr Wide operator^(Wide a, const Wide& b) {
    for (int i = 0; i < 4; i++) a.words_[i] ^= b.words_[i];
    return a;
  }

  /** @param count 0 to 255 */
  constexpr Wide operator<<(unsigned count) const {
    Wide shifted;
    unsigned whole = count / 64, bits = count % 64;
    for (unsigned i = whole; i < 4; i++) {
      shifted.words_[i] = words_[i - whole] << bits;
      if (bits > 0 && i > whole) shifted.words_[i] |= words_[i - whole - 1] >> (64 - bits);
    }
    return shifted;
  }
  /** Keeps the sign. @param count 0 to 255 */
  constexpr Wide operator>>(unsigned count) const {
    uint64_t filler = is_negative() ? UINT64_MAX : 0;
    Wide shifted = from_words({filler, filler, filler, filler});
    unsigned whole = count / 64, bits = count % 64;
    for (unsigned i = 0; i + whole < 4; i++) {
      uint64_t above = i + whole + 1 < 4 ? words_[i + whole + 1] : filler;
      shifted.words_[i] = words_[i + whole] >> bits;
      if (bits > 0) shifted.words_[i] |= above << (64 - bits);
    }
    return shifted;
  }

  constexpr Wide& operator+=(const Wide& other) { return *this = *this + other; }
  constexpr Wide& operator-=(const Wide& other) { return *this = *this - other; }
  constexpr Wide& operator*=(const Wide& other) { return *this = *this * other; }
  constexpr Wide& operator++() { return *this += Wide{1}; }

 private:
  std::array<uint64_t, 4> words_{};
};

}  // namespace detail

using u256 = detail::Wide<false>;
using i256 = detail::Wide<true>;

/** The decimal digits. */
inline std::string to_string(u128 value) {
  char digits[40];
  int at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  return {digits + at, sizeof digits - at};
}

inline std::string to_string(i128 value) {
  return value < 0 ? "-" + to_string(-static_cast<u128>(value)) : to_string(static_cast<u128>(value));
}

inline std::string to_string(const u256& value) {
  std::string digits;
  auto words = value.words();
  do {
    u128 rest = 0;
    for (int i = 3; i >= 0; i--) {
      rest = rest << 64 | words[i];
      words[i] = static_cast<uint64_t>(rest / 10);
      rest %= 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest)));
  } while ((words[0] | words[1] | words[2] | words[3]) != 0);
  return digits;
}

inline std::string to_string(const i256& value) {
  if (value.is_negative()) return "-" + to_string(u256::from_words((-value).words()));
  return to_string(u256::from_words(value.words()));
}

}  // namespace SpacetimeDB
