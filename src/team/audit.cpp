#include "team/audit.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "core/digest.hpp"
#include "core/doc.hpp"
#include "core/log.hpp"
#include "storage/database.hpp"

namespace slipway::team {
namespace {

constexpr storage::Migration migrations[] = {
    {1, R"(
      CREATE TABLE team_audit (
        sequence INTEGER PRIMARY KEY,
        record TEXT NOT NULL,        -- canonical JSON, with the hash of the record before
        hash TEXT NOT NULL           -- SHA-256 of `record`
      );
      CREATE TABLE team_audit_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        sequence INTEGER NOT NULL,
        hash TEXT NOT NULL,
        signature TEXT NOT NULL      -- HMAC-SHA-256 of both with the key file
      );)"},
};

struct Head {
  std::uint64_t sequence = 0;
  std::string hash;
  std::string signature;
};

std::string sign(const std::string& key, std::uint64_t sequence, const std::string& hash) {
  return core::hmac_sha256_hex(key, "slipway-audit-head\n" + std::to_string(sequence) + "\n" + hash);
}

std::string render(const core::Event& event, const std::string& previous) {
  doc::Object record{{"action", event.action},     {"actor", event.actor},
                     {"detail", event.detail},     {"digest", event.digest},
                     {"object", event.object},     {"previous", previous},
                     {"sequence", event.sequence}, {"time", core::render_rfc3339_micro(event.time)}};
  if (event.seconds >= 0) record.set("seconds", event.seconds);
  return doc::render_json_canonical(doc::Value(std::move(record)));
}

Result<core::Event> parse(const std::string& text) {
  TRY_ASSIGN(const doc::Value v, doc::parse_json(text, "<audit record>"));
  TRY_ASSIGN(const Time time, core::parse_rfc3339(v["time"].string_or("")));
  core::Event event;
  event.sequence = static_cast<std::uint64_t>(v["sequence"].int_or(0));
  event.time = time;
  event.actor = v["actor"].string_or("");
  event.action = v["action"].string_or("");
  event.object = v["object"].string_or("");
  event.digest = v["digest"].string_or("");
  event.detail = v["detail"].string_or("");
  event.seconds = v["seconds"].double_or(-1);
  return event;
}

Result<std::optional<Head>> read_head(storage::Connection& connection) {
  std::optional<Head> head;
  TRY(connection.query("SELECT sequence, hash, signature FROM team_audit_head", {}, [&](const storage::Row& row) {
    head = Head{static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.text(2)};
  }));
  return head;
}

Result<> put_head(storage::Connection& connection, std::uint64_t sequence, const std::string& hash,
                  const std::string& signature) {
  const storage::Args head{static_cast<std::int64_t>(sequence), hash, signature};
  TRY(connection.execute("UPDATE team_audit_head SET sequence = ?, hash = ?, signature = ?", head));
  if (connection.changed_rows() > 0) return {};
  return connection.execute("INSERT INTO team_audit_head (one, sequence, hash, signature) VALUES (1, ?, ?, ?)", head);
}

Error broken(std::string what) {
  return Error(Code::data_loss, "the audit log is broken: " + std::move(what),
               "keep a copy of the database and compare it with a backup");
}

}  // namespace

struct AuditLog::Subscribers {
  std::uint64_t next = 1;
  std::map<std::uint64_t, std::function<void(const core::Event&)>> callbacks;
};

AuditLog::AuditLog(core::World world, storage::Database& database, std::string key)
    : world_(world), database_(database), key_(std::move(key)), subscribers_(std::make_shared<Subscribers>()) {}

Result<std::unique_ptr<AuditLog>> AuditLog::open(core::World world, storage::Database& database,
                                                 const std::string& key_path) {
  TRY(storage::migrate(database, "audit", migrations));
  std::string key;
  if (world.files.exists(key_path)) {
    TRY_ASSIGN(key, world.files.read(key_path));
    while (!key.empty() && key.back() == '\n') key.pop_back();
  } else {
    std::int64_t records = 0;
    TRY(database.read([&](storage::Connection& c) {
      return c.query("SELECT count(*) FROM team_audit", {}, [&](const storage::Row& row) { records = row.integer(0); });
    }));
    if (records > 0) {
      return fail(Code::data_loss, "the audit log's key " + key_path + " is missing", "restore it from a backup");
    }
    key = world.random.hex(64);
    TRY(world.files.write_atomic(key_path, key + "\n", 0600));
  }
  auto log = std::unique_ptr<AuditLog>(new AuditLog(world, database, std::move(key)));
  TRY(log->load_head());
  return log;
}

// Appending goes on from the signed head, never from the last row: a tail that somebody cut off stays a visible gap.
Result<> AuditLog::load_head() {
  return database_.read([&](storage::Connection& c) -> Result<> {
    TRY_ASSIGN(const auto head, read_head(c));
    std::int64_t records = 0;
    TRY(c.query("SELECT count(*) FROM team_audit", {}, [&](const storage::Row& row) { records = row.integer(0); }));
    if (!head) {
      if (records > 0) return fail(broken("its signed head is missing"));
      return {};
    }
    if (!core::equal_in_constant_time(sign(key_, head->sequence, head->hash), head->signature)) {
      return fail(broken("the signature of its head is wrong"));
    }
    sequence_ = head->sequence;
    hash_ = head->hash;
    if (records != static_cast<std::int64_t>(sequence_)) {
      log::error("team", "audit log has gaps", {{"records", records}, {"head", sequence_}});
    }
    return {};
  });
}

void AuditLog::record(core::Event event) {
  event.time = world_.clock.now();
  waiting_.push_back(std::move(event));
  std::vector<core::Event> batch = waiting_;
  if (auto written = append(batch); !written) {
    log::error("team", "audit record not written yet",
               {{"waiting", waiting_.size()}, {"error", written.error().one_line()}});
    return;
  }
}

Result<> AuditLog::insert(storage::Connection& connection, std::vector<core::Event>& events, std::uint64_t& sequence,
                          std::string& hash) const {
  sequence = sequence_;
  hash = hash_;
  for (auto& event : events) {
    event.sequence = ++sequence;
    const auto text = render(event, hash);
    hash = core::Digest::of(text).hex();
    TRY(connection.execute("INSERT INTO team_audit (sequence, record, hash) VALUES (?, ?, ?)",
                           {static_cast<std::int64_t>(sequence), text, hash}));
  }
  return database_.before_commit(connection, this, [this, sequence, hash](storage::Connection& c) {
    return put_head(c, sequence, hash, sign(key_, sequence, hash));
  });
}

Result<> AuditLog::append(std::vector<core::Event>& events) {
  auto sequence = sequence_;
  auto hash = hash_;
  TRY(database_.write([&](storage::Connection& c) { return insert(c, events, sequence, hash); }));
  advance(sequence, std::move(hash), events, events.size());
  return {};
}

void AuditLog::advance(std::uint64_t sequence, std::string hash, std::vector<core::Event> events, std::size_t kept) {
  auto settle = [this, alive = std::weak_ptr(subscribers_), before = sequence_, before_hash = hash_, kept,
                 events = std::move(events)](bool durable) {
    if (alive.expired()) return;
    if (durable) {
      for (const auto& event : events) announce(event);
      return;
    }
    if (before < sequence_) {  // the first of the group is told first: the others only have records to give back
      sequence_ = before;
      hash_ = before_hash;
      taken_back_ = 0;
      log::error("team", "audit records were undone with their group", {{"after", before}});
    }
    const auto first = events.begin();
    waiting_.insert(waiting_.begin() + taken_back_, first, first + static_cast<std::ptrdiff_t>(kept));
    taken_back_ += static_cast<std::ptrdiff_t>(kept);  // before those that were refused meanwhile
  };
  sequence_ = sequence;
  hash_ = std::move(hash);
  waiting_.clear();
  database_.after_group(std::move(settle));
}

void AuditLog::begin_joined(core::Event event) {
  event.time = world_.clock.now();
  joined_.events = waiting_;  // what the disk refused before goes first
  joined_.events.push_back(std::move(event));
  database_.join_next_write(
      [this](storage::Connection& c) { return insert(c, joined_.events, joined_.sequence, joined_.hash); });
}

void AuditLog::end_joined(bool) {
  if (!database_.end_join()) return;  // the write failed, or found nothing to change
  const auto earlier = joined_.events.size() - 1;
  advance(joined_.sequence, std::move(joined_.hash), std::move(joined_.events), earlier);
}

void AuditLog::announce(const core::Event& event) {
  if (subscribers_->callbacks.empty()) return;
  auto deliver = [weak = std::weak_ptr(subscribers_), event] {
    const auto subscribers = weak.lock();
    if (!subscribers) return;
    std::vector<std::uint64_t> ids;
    for (const auto& [id, callback] : subscribers->callbacks) ids.push_back(id);
    for (const auto id : ids) {
      const auto it = subscribers->callbacks.find(id);  // an earlier callback may have ended this one
      if (it == subscribers->callbacks.end()) continue;
      const auto callback = it->second;
      callback(event);
    }
  };
  world_.loop.post(std::move(deliver));
}

std::unique_ptr<AuditLog::Subscription> AuditLog::subscribe(std::function<void(const core::Event&)> on_event) {
  struct Handle final : Subscription {
    std::weak_ptr<Subscribers> subscribers;
    std::uint64_t id = 0;
    ~Handle() override {
      if (const auto s = subscribers.lock()) s->callbacks.erase(id);
    }
  };
  auto handle = std::make_unique<Handle>();
  handle->subscribers = subscribers_;
  handle->id = subscribers_->next++;
  subscribers_->callbacks.emplace(handle->id, std::move(on_event));
  return handle;
}

Result<std::vector<core::Event>> AuditLog::list(std::uint64_t after, std::size_t limit) const {
  std::vector<core::Event> events;
  Result<> parsed;
  TRY(database_.read([&](storage::Connection& c) {
    return c.query("SELECT record FROM team_audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
                   {static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit)}, [&](const storage::Row& row) {
                     auto event = parse(row.text(0));
                     if (event) {
                       events.push_back(std::move(*event));
                     } else if (parsed) {
                       parsed = fail(broken("a record is not readable").because(std::move(event).error()));
                     }
                   });
  }));
  TRY(std::move(parsed));
  return events;
}

Result<AuditPage> AuditLog::find(const AuditQuery& query) const {
  std::string where = " FROM team_audit WHERE sequence > ?";
  storage::Args args{static_cast<std::int64_t>(query.after)};
  const auto narrow = [&](const char* condition, const std::string& value) {
    if (value.empty()) return;
    where += condition;
    args.emplace_back(value);
  };
  narrow(" AND instr(json_extract(record, '$.actor'), ?) > 0", query.actor);
  narrow(" AND instr(json_extract(record, '$.object'), ?) > 0", query.object);
  narrow(" AND json_extract(record, '$.action') = ?", query.action);
  AuditPage page;
  Result<> parsed;
  TRY(database_.read([&](storage::Connection& c) -> Result<> {
    TRY(c.query("SELECT count(*)" + where, args,
                [&](const storage::Row& row) { page.matching = static_cast<std::uint64_t>(row.integer(0)); }));
    storage::Args limited = args;
    limited.emplace_back(static_cast<std::int64_t>(query.limit));
    return c.query("SELECT record" + where + " ORDER BY sequence " + (query.newest ? "DESC" : "ASC") + " LIMIT ?",
                   limited, [&](const storage::Row& row) {
                     auto event = parse(row.text(0));
                     if (event) {
                       page.events.push_back(std::move(*event));
                     } else if (parsed) {
                       parsed = fail(broken("a record is not readable").because(std::move(event).error()));
                     }
                   });
  }));
  TRY(std::move(parsed));
  if (query.newest) std::ranges::reverse(page.events);
  return page;
}

Result<AuditVerification> AuditLog::verify() const { return verify_audit_log(database_, key_); }

Result<AuditVerification> verify_audit_log(storage::Database& database, std::string key) {
  while (!key.empty() && key.back() == '\n') key.pop_back();
  AuditVerification result;
  Result<> verdict;
  TRY(database.read([&](storage::Connection& c) -> Result<> {
    TRY(c.query("SELECT sequence, record, hash FROM team_audit ORDER BY sequence", {}, [&](const storage::Row& row) {
      if (!verdict) return;
      const auto sequence = static_cast<std::uint64_t>(row.integer(0));
      const auto text = row.text(1);
      const auto expected = result.entries + 1;
      const auto name = "record " + std::to_string(sequence);
      if (sequence != expected) {
        verdict = fail(
            broken("record " + std::to_string(expected) + " is missing (next is " + std::to_string(sequence) + ")"));
        return;
      }
      const auto hash = core::Digest::of(text).hex();
      if (hash != row.text(2)) {
        verdict = fail(broken(name + " was changed"));
        return;
      }
      const auto value = doc::parse_json(text, name);
      if (!value || (*value)["sequence"].int_or(-1) != row.integer(0) ||
          (*value)["previous"].string_or("?") != result.head) {
        verdict = fail(broken(name + " does not follow the one before"));
        return;
      }
      result.entries = sequence;
      result.head = hash;
    }));
    if (!verdict) return {};
    TRY_ASSIGN(const auto head, read_head(c));
    if (!head) {
      if (result.entries > 0) verdict = fail(broken("its signed head is missing"));
    } else if (!core::equal_in_constant_time(sign(key, head->sequence, head->hash), head->signature)) {
      verdict = fail(broken("the signature of its head is wrong"));
    } else if (head->sequence != result.entries || head->hash != result.head) {
      verdict = fail(broken("it ends at record " + std::to_string(result.entries) + ", its signed head says " +
                            std::to_string(head->sequence)));
    }
    return {};
  }));
  TRY(std::move(verdict));
  return result;
}

}  // namespace slipway::team
