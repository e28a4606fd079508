// The types of a module as its definition lists them: structs and enums have a slot there, everything else is written
// where it is used. Format: AlgebraicType of BSATN.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bytes.h"

namespace SpacetimeDB::detail {

/** The tags of AlgebraicType. */
enum class TypeTag : uint8_t {
  Ref, Sum, Product, Array, String, Bool, I8, U8, I16, U16, I32, U32, I64, U64, I128, U128, I256, U256, F32, F64,
};

/** The address of this variable stands for the type. */
template <class T>
inline constexpr char type_identity = 0;

class Typespace {
 public:
  using Describe = void (*)(Typespace&, Writer& out);

  /** Writes a reference to the slot of a type, which is described into its slot when it is met for the first time. */
  void write_ref(Writer& out, const void* type, std::string_view name, Describe describe) {
    out.u8(static_cast<uint8_t>(TypeTag::Ref));
    out.u32(slot_of(type, name, describe));
  }

  uint32_t slot_of(const void* type, std::string_view name, Describe describe) {
    for (uint32_t i = 0; i < slots_.size(); i++) {
      if (slots_[i].type == type) return i;
    }
    uint32_t slot = slots_.size();
    // The slot is taken before the type is described: types may contain themselves.
    slots_.push_back({type, name, {}});
    Writer body;
    describe(*this, body);
    slots_[slot].body = std::move(body);
    return slot;
  }

  /** The section Typespace. */
  void write_types(Writer& out) const {
    out.u32(slots_.size());
    for (const Slot& slot : slots_) out.bytes(slot.body.data(), slot.body.size());
  }

  /** The section Types: the name of each slot. */
  void write_names(Writer& out) const {
    constexpr uint32_t no_scope = 0;
    out.u32(slots_.size());
    for (uint32_t i = 0; i < slots_.size(); i++) {
      out.u32(no_scope);
      out.text(slots_[i].name);
      out.u32(i);
      out.u8(1);  // The order of fields is the one in which they are listed.
    }
  }

 private:
  struct Slot {
    const void* type;
    std::string_view name;
    Writer body;
  };
  std::vector<Slot> slots_;
};

inline void write_tag(Writer& out, TypeTag tag) { out.u8(static_cast<uint8_t>(tag)); }

/** The beginning of a product or sum. */
inline void write_members(Writer& out, TypeTag tag, uint32_t count) {
  write_tag(out, tag);
  out.u32(count);
}

/** The name of a field or variant; its type follows. */
inline void write_member_name(Writer& out, std::string_view name) {
  out.u8(0);  // some
  out.text(name);
}

inline void write_unit(Writer& out) { write_members(out, TypeTag::Product, 0); }

/** A product of one field, the form of the special types. */
inline void write_special(Writer& out, std::string_view field, TypeTag type) {
  write_members(out, TypeTag::Product, 1);
  write_member_name(out, field);
  write_tag(out, type);
}

}  // namespace SpacetimeDB::detail
