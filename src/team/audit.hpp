#pragma once
// AuditLog: what happened and who did it, in an order that nobody can quietly change. Every record carries the SHA-256
// of the one before; a head, signed with a key outside the database, says how many there are. docs/internals/audit.md
// has the format and what it cannot detect. Control loop only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/world/world.hpp"

namespace slipway::storage {
class Connection;
class Database;
}  // namespace slipway::storage

namespace slipway::team {

struct AuditVerification {
  std::uint64_t entries = 0;
  std::string head;  // SHA-256 of the last record, hex; "" when there is none
};

// The log in a database that nobody has open, say a backup; `key` is what is in its key file. Errors as
// AuditLog::verify().
Result<AuditVerification> verify_audit_log(storage::Database& database, std::string key);

// Which records: those after `after` that match every filter; an empty filter matches all. Of more than `limit` the
// oldest, or the newest.
struct AuditQuery {
  std::uint64_t after = 0;
  std::size_t limit = 100;
  bool newest = false;
  std::string actor, object;  // a part of it
  std::string action;         // exactly
};

struct AuditPage {
  std::vector<core::Event> events;
  std::uint64_t matching = 0;
};

class AuditLog final : public core::EventSink {
 public:
  // `key_path` holds the signing key (made at first use, mode 0600). data_loss when records exist but the key or the
  // signed head is missing or wrong: appending would cover the traces.
  static Result<std::unique_ptr<AuditLog>> open(core::World world, storage::Database& database,
                                                const std::string& key_path);

  // Durable on return, or with the database's open group(). A record that the disk refused is kept in memory, logged,
  // and written before the next one.
  void record(core::Event event) override;
  // The record is part of the transaction that it is joined to; when that is undone, it never was.
  void begin_joined(core::Event event) override;
  void end_joined(bool succeeded) override;

  // Records with a sequence above `after`, oldest first, at most `limit`.
  Result<std::vector<core::Event>> list(std::uint64_t after, std::size_t limit) const;
  std::uint64_t last_sequence() const { return sequence_; }

  // A page of the records that match, oldest first, and how many match in all.
  Result<AuditPage> find(const AuditQuery& query) const;

  // Reads the whole log. data_loss names the first record that was changed, dropped, moved or added, or says that the
  // end is missing.
  Result<AuditVerification> verify() const;

  // Runs `on_event` on the loop after each record, never inside record(). Ends when the subscription is destroyed.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  std::unique_ptr<Subscription> subscribe(std::function<void(const core::Event&)> on_event);

 private:
  struct Subscribers;
  AuditLog(core::World world, storage::Database& database, std::string key);
  Result<> load_head();
  Result<> append(std::vector<core::Event>& events);
  // Adds the records and moves the signed head; `sequence` and `hash` are the log's after them.
  Result<> insert(storage::Connection& connection, std::vector<core::Event>& events, std::uint64_t& sequence,
                  std::string& hash) const;
  // `events` are written, on top of `sequence_` and `hash_`: tells subscribers when they are durable. When they are
  // undone the log goes back, and the first `kept` of them wait for the next record.
  void advance(std::uint64_t sequence, std::string hash, std::vector<core::Event> events, std::size_t kept);
  void announce(const core::Event& event);

  core::World world_;
  storage::Database& database_;
  std::string key_;
  std::uint64_t sequence_ = 0;
  std::string hash_;
  std::vector<core::Event> waiting_;  // what could not be written yet
  std::ptrdiff_t taken_back_ = 0;     // of waiting_, by the group that was undone last
  struct Joined {                     // between begin_joined() and end_joined()
    std::vector<core::Event> events;
    std::uint64_t sequence = 0;
    std::string hash;
  } joined_;
  std::shared_ptr<Subscribers> subscribers_;
};

}  // namespace slipway::team
