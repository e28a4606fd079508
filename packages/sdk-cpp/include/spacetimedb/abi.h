// The functions that the host gives to a module, by their import names, and their errnos. ABI 10.5.
#pragma once

#include <cstdint>

namespace SpacetimeDB {

/** What a host function answers instead of 0 (success). */
enum class Errno : uint16_t {
  HostCallFailure = 1,
  NotInTransaction = 2,
  BsatnDecodeError = 3,
  NoSuchTable = 4,
  NoSuchIndex = 5,
  NoSuchIter = 6,
  NoSuchConsoleTimer = 7,
  NoSuchBytes = 8,
  NoSpace = 9,
  WrongIndexAlgorithm = 10,
  BufferTooSmall = 11,
  UniqueAlreadyExists = 12,
  ScheduleAtDelayTooLong = 13,
  IndexNotUnique = 14,
  NoSuchRow = 15,
  AutoIncOverflow = 16,
  WouldBlockTransaction = 17,
  TransactionNotAnonymous = 18,
  TransactionIsReadOnly = 19,
  TransactionIsMutable = 20,
  HttpError = 21,
};

}  // namespace SpacetimeDB

/** The host's functions as they are: no types, no checks. The rest of the SDK is made of them. */
namespace SpacetimeDB::abi {

#define SPACETIMEDB_IMPORT(version, name) \
  __attribute__((import_module("spacetime_" version), import_name(#name))) name

extern "C" {
uint32_t SPACETIMEDB_IMPORT("10.0", table_id_from_name)(const char* name, uint32_t length, uint32_t* id);
uint32_t SPACETIMEDB_IMPORT("10.0", index_id_from_name)(const char* name, uint32_t length, uint32_t* id);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_table_row_count)(uint32_t table, uint64_t* count);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_table_scan_bsatn)(uint32_t table, uint32_t* iterator);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_index_scan_range_bsatn)(
    uint32_t index, const uint8_t* prefix, uint32_t prefix_length, uint32_t prefix_columns, const uint8_t* start,
    uint32_t start_length, const uint8_t* end, uint32_t end_length, uint32_t* iterator);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_delete_by_index_scan_range_bsatn)(
    uint32_t index, const uint8_t* prefix, uint32_t prefix_length, uint32_t prefix_columns, const uint8_t* start,
    uint32_t start_length, const uint8_t* end, uint32_t end_length, uint32_t* count);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_delete_all_by_eq_bsatn)(uint32_t table, const uint8_t* rows,
                                                                      uint32_t length, uint32_t* count);
int32_t SPACETIMEDB_IMPORT("10.0", row_iter_bsatn_advance)(uint32_t iterator, uint8_t* buffer, uint32_t* length);
uint32_t SPACETIMEDB_IMPORT("10.0", row_iter_bsatn_close)(uint32_t iterator);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_insert_bsatn)(uint32_t table, uint8_t* row, uint32_t* length);
uint32_t SPACETIMEDB_IMPORT("10.0", datastore_update_bsatn)(uint32_t table, uint32_t index, uint8_t* row,
                                                            uint32_t* length);
uint32_t SPACETIMEDB_IMPORT("10.0", bytes_sink_write)(uint32_t sink, const uint8_t* bytes, uint32_t* length);
int32_t SPACETIMEDB_IMPORT("10.0", bytes_source_read)(uint32_t source, uint8_t* buffer, uint32_t* length);
void SPACETIMEDB_IMPORT("10.0", console_log)(uint32_t level, const char* target, uint32_t target_length,
                                             const char* file, uint32_t file_length, uint32_t line,
                                             const char* message, uint32_t message_length);
uint32_t SPACETIMEDB_IMPORT("10.0", console_timer_start)(const char* name, uint32_t length);
uint32_t SPACETIMEDB_IMPORT("10.0", console_timer_end)(uint32_t timer);
void SPACETIMEDB_IMPORT("10.0", identity)(uint8_t* identity);
void SPACETIMEDB_IMPORT("10.0", volatile_nonatomic_schedule_immediate)(const char* name, uint32_t name_length,
                                                                      const uint8_t* args, uint32_t args_length);
int32_t SPACETIMEDB_IMPORT("10.1", bytes_source_remaining_length)(uint32_t source, uint32_t* length);
uint32_t SPACETIMEDB_IMPORT("10.2", get_jwt)(const uint8_t* connection_id, uint32_t* source);
int64_t SPACETIMEDB_IMPORT("10.3", procedure_sleep_until)(int64_t wake_at_micros);
uint32_t SPACETIMEDB_IMPORT("10.3", procedure_start_mut_tx)(int64_t* now_micros);
uint32_t SPACETIMEDB_IMPORT("10.3", procedure_commit_mut_tx)();
uint32_t SPACETIMEDB_IMPORT("10.3", procedure_abort_mut_tx)();
uint32_t SPACETIMEDB_IMPORT("10.3", procedure_http_request)(const uint8_t* request, uint32_t request_length,
                                                            const uint8_t* body, uint32_t body_length,
                                                            uint32_t* sources);
uint32_t SPACETIMEDB_IMPORT("10.4", datastore_index_scan_point_bsatn)(uint32_t index, const uint8_t* point,
                                                                      uint32_t length, uint32_t* iterator);
uint32_t SPACETIMEDB_IMPORT("10.4", datastore_delete_by_index_scan_point_bsatn)(uint32_t index, const uint8_t* point,
                                                                                uint32_t length, uint32_t* count);
uint32_t SPACETIMEDB_IMPORT("10.5", datastore_clear)(uint32_t table, uint64_t* count);
}

#undef SPACETIMEDB_IMPORT

}  // namespace SpacetimeDB::abi
