// The embedded backend: tables and a watch hub for each of one or two databases.

#include "core/log.hpp"
#include "objects/sqlite/tables.hpp"
#include "objects/sqlite/watch_hub.hpp"

namespace slipway::objects {
namespace sqlite {
namespace {

// How far versions jump when a backup was restored: more than anybody writes between a backup and its restore.
constexpr std::int64_t kEpoch = 1'000'000'000;

// How long a list that is read in pieces may take, from one piece to the next.
constexpr auto kept_for = std::chrono::minutes(5);

constexpr Kind kVolatile[] = {
    {"", "v1", "Event", "events"},
    {"events.k8s.io", "v1", "Event", "events"},
    {"coordination.k8s.io", "v1", "Lease", "leases"},
};

// One database and those who watch it.
struct Side {
  Side(core::Loop& loop, storage::Database& d, std::int64_t version)
      : database(d), hub(loop, version, [&d](const Kind& kind, std::int64_t after, std::size_t limit) {
          Result<Changes> page;
          auto read = d.read([&](storage::Connection& connection) -> Result<> {
            TRY_ASSIGN(page, select_changes(connection, kind, after, limit));
            return {};
          });
          return read ? std::move(page) : Result<Changes>(fail(std::move(read).error()));
        }) {}
  storage::Database& database;
  WatchHub hub;
};

Result<std::unique_ptr<Side>> open_side(core::Loop& loop, storage::Database& database) {
  TRY(storage::migrate(database, "objects", migrations()));
  std::int64_t version = 0;
  TRY(database.read([&](storage::Connection& connection) -> Result<> {
    TRY_ASSIGN(version, current_version(connection));
    return {};
  }));
  return std::make_unique<Side>(loop, database, version);
}

// The objects that were written last: whoever writes one reads it, and usually somebody who was told of it reads it
// next. Forgets all when it is full, so that it never holds much.
class Recent {
 public:
  std::shared_ptr<const Change> find(const Kind& kind, const Name& name) const {
    const auto found = changes_.find({kind.group, kind.kind, name});
    return found == changes_.end() ? nullptr : found->second;
  }
  void note(const Name& name, const std::shared_ptr<const Change>& change) {
    const auto key = std::tuple(change->kind.group, change->kind.kind, name);
    if (change->type == EventType::deleted || change->body.size() > kLargest) {
      changes_.erase(key);
      return;
    }
    if (changes_.size() >= kMost) changes_.clear();
    changes_.insert_or_assign(key, change);
  }
  void clear() { changes_.clear(); }

 private:
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kLargest = 32U << 10U;  // bytes; parsed it takes several times as much
  std::map<std::tuple<std::string_view, std::string_view, Name>, std::shared_ptr<const Change>> changes_;
};

class SqliteBackend final : public Backend {
 public:
  SqliteBackend(core::Clock& clock, std::unique_ptr<Side> durable, std::unique_ptr<Side> fleeting,
                BackendOptions options)
      : clock_(clock), durable_(std::move(durable)), fleeting_(std::move(fleeting)), options_(std::move(options)) {}

  // Volatile objects that were written before there was a database for them.
  Result<> move_volatile() {
    if (!fleeting_) return {};
    for (const auto& kind : kVolatile) {
      std::vector<Stored> found;
      TRY(list_in(*durable_, kind, {}, [&](Stored stored) { return found.push_back(std::move(stored)), true; }));
      for (const auto& stored : found) {
        TRY_ASSIGN(const auto object, stored.parse());
        auto moved = insert(kind, object);
        if (!moved && moved.error().code != Code::already_exists) return fail(std::move(moved).error());
        TRY(change_in(*durable_, kind, EventType::deleted, object, std::nullopt,
                      [&](Writer& writer, Object& last, const Object* previous) {
                        return writer.erase(kind, last, stored.version, previous);
                      }));
      }
    }
    return {};
  }

  Result<std::optional<Stored>> find(const Kind& kind, const Name& name) override {
    std::optional<Stored> found;
    if (const auto known = recent_.find(kind, name); known != nullptr) {
      found = Stored{name, known->version, known->body, std::shared_ptr<const Object>(known, &known->object)};
      return found;
    }
    TRY(side_of(kind).database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(found, select_object(connection, kind, name));
      return {};
    }));
    return found;
  }

  Result<Presence> presence(const Kind& kind, const Name& name) override {
    auto presence = Presence::absent;
    TRY(side_of(kind).database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(presence, presence_of(connection, kind, name));
      return {};
    }));
    return presence;
  }

  Result<std::int64_t> list(const Kind& kind, const KeyRange& range,
                            const std::function<bool(Stored)>& visit) override {
    return list_in(side_of(kind), kind, range, visit);
  }

  Result<> list_at(const Kind& kind, const KeyRange& range, std::int64_t version,
                   const std::function<bool(Stored)>& visit) override {
    return side_of(kind).database.read([&](storage::Connection& connection) -> Result<> {
      return select_objects_at(connection, kind, range, version, visit);
    });
  }

  void keep_present(const Kind& kind) override { kept_until_[key_of(kind)] = clock_.monotonic() + kept_for; }

  void begin_history(const Kind& kind) override { began_[key_of(kind)] = side_of(kind).hub.version(); }

  Result<std::optional<std::string>> holder_of(const std::string& claim) override {
    std::optional<std::string> uid;
    TRY(durable_->database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(uid, sqlite::holder_of(connection, claim));
      return {};
    }));
    return uid;
  }

  Result<std::int64_t> count(const Kind& kind, const KeyRange& range) override {
    std::int64_t count = 0;
    TRY(side_of(kind).database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(count, count_objects(connection, kind, range));
      return {};
    }));
    return count;
  }

  Result<std::int64_t> version(const Kind& kind) override {
    std::int64_t version = 0;
    TRY(side_of(kind).database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(version, current_version(connection));
      return {};
    }));
    return version;
  }

  Result<Stored> insert(const Kind& kind, Object object) override {
    return change_in(side_of(kind), kind, EventType::added, std::move(object), std::nullopt,
                     [&](Writer& writer, Object& next, const Object*) { return writer.insert(kind, next); });
  }

  Result<Stored> replace(const Kind& kind, Object object, std::int64_t expected, const Object* before) override {
    TRY_ASSIGN(auto known, known_of(kind, object, before));
    return change_in(side_of(kind), kind, EventType::modified, std::move(object), std::move(known.previous),
                     [&](Writer& writer, Object& next, const Object* was) {
                       return writer.replace(kind, next, expected, was, known.has_same_owners);
                     });
  }

  Result<Stored> erase(const Kind& kind, Object last, std::int64_t expected, const Object* before) override {
    TRY_ASSIGN(auto known, known_of(kind, last, before));
    return change_in(
        side_of(kind), kind, EventType::deleted, std::move(last), std::move(known.previous),
        [&](Writer& writer, Object& next, const Object* was) { return writer.erase(kind, next, expected, was); });
  }

  Result<std::unique_ptr<ChangeWatch>> watch(const Kind& kind, std::optional<std::int64_t> after,
                                             OnChange on_change) override {
    auto& side = side_of(kind);
    const auto present = side.hub.version();
    if (const auto began = began_.find(key_of(kind)); after && began != began_.end() && *after < began->second)
      return fail(Code::gone,
                  "too old resource version: " + std::to_string(*after) + " (" + std::to_string(began->second) + ")");
    if (after && *after != present) {
      TRY(side.database.read(
          [&](storage::Connection& connection) -> Result<> { return check_kept(connection, *after); }));
      // Inside a group: its versions may yet be taken back.
      if (*after > present) return fail(Code::gone, "resource version " + std::to_string(*after) + " is not durable");
    }
    return side.hub.open(&kind, after.value_or(present), std::move(on_change));
  }

  Result<> group(const std::function<void()>& work) override {
    if (!fleeting_) return durable_->database.group(work);
    std::optional<Result<>> durable;
    auto fleeting = fleeting_->database.group([&] { durable = durable_->database.group(work); });
    if (!durable) return fleeting;
    if (!fleeting && *durable)  // nothing depends on it
      log::warn("objects", "Events or Leases are lost", {{"why", fleeting.error().one_line()}});
    return *std::move(durable);
  }

  Result<std::optional<Located>> locate(const std::string& uid) override {
    std::optional<Located> found;
    for (const auto* side : sides()) {
      if (found) break;
      TRY(side->database.read([&](storage::Connection& connection) -> Result<> {
        TRY_ASSIGN(found, sqlite::locate(connection, uid));
        return {};
      }));
    }
    return found;
  }

  Result<std::vector<std::string>> owned_by(const std::string& owner_uid) override {
    return collect([&](storage::Connection& connection) { return select_owned(connection, owner_uid); });
  }
  Result<std::vector<std::string>> deleting() override { return collect(select_deleting); }
  Result<std::vector<std::string>> unowned() override { return collect(select_unowned); }

  Result<std::vector<std::unique_ptr<ChangeWatch>>> watch_all(OnChange on_change) override {
    std::vector<std::unique_ptr<ChangeWatch>> watches;
    for (auto* side : sides()) watches.push_back(side->hub.open(nullptr, side->hub.version(), on_change));
    return watches;
  }

 private:
  Side& side_of(const Kind& kind) { return fleeting_ && is_volatile(kind) ? *fleeting_ : *durable_; }
  std::vector<Side*> sides() const {
    std::vector<Side*> all{durable_.get()};
    if (fleeting_) all.push_back(fleeting_.get());
    return all;
  }

  Result<std::vector<std::string>> collect(
      const std::function<Result<std::vector<std::string>>(storage::Connection&)>& select) {
    std::vector<std::string> all;
    for (const auto* side : sides()) {
      TRY(side->database.read([&](storage::Connection& connection) -> Result<> {
        TRY_ASSIGN(const auto some, select(connection));
        all.insert(all.end(), some.begin(), some.end());
        return {};
      }));
    }
    return all;
  }

  static Result<std::int64_t> list_in(const Side& side, const Kind& kind, const KeyRange& range,
                                      const std::function<bool(Stored)>& visit) {
    std::int64_t version = 0;
    TRY(side.database.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(version, current_version(connection));
      return select_objects(connection, kind, range, visit);
    }));
    return version;
  }

  // What a change needs to know of the object as it was.
  struct Known {
    std::optional<Object> previous = {};  // for watchers with a selector; nullopt when they need nothing
    bool has_same_owners = false;
  };
  Result<Known> known_of(const Kind& kind, const Object& object, const Object* before) {
    std::optional<Object> read;
    if (before == nullptr) {
      TRY_ASSIGN(const auto stored, find(kind, object.name()));
      if (!stored) return Known{};  // the write will say so
      TRY_ASSIGN(read, stored->parse());
      before = &*read;
    }
    const auto& was = before->document()["metadata"];
    const auto& is = object.document()["metadata"];
    Known known{.has_same_owners = was["ownerReferences"] == is["ownerReferences"]};
    const bool is_told_apart =
        is_kept(kind) || !(was["labels"] == is["labels"]) ||
        (options_.selectable && options_.selectable(kind, *before) != options_.selectable(kind, object));
    if (is_told_apart) known.previous = *before;
    return known;
  }

  // One write, told to watchers when it is durable.
  Result<Stored> change_in(Side& side, const Kind& kind, EventType type, Object object, std::optional<Object> previous,
                           const std::function<Result<Stored>(Writer&, Object&, const Object*)>& write) {
    auto change = std::make_shared<Change>();
    change->object = std::move(object);
    change->previous = std::move(previous);
    Stored stored;
    const auto claims = options_.claims ? options_.claims(kind, change->object) : std::nullopt;
    const auto work = [&](storage::Connection& connection) -> Result<> {
      Writer writer(connection, options_.ring_size);
      TRY_ASSIGN(stored, write(writer, change->object, change->previous ? &*change->previous : nullptr));
      if (!claims) return {};
      return writer.put_claims(change->object.uid(), type == EventType::deleted ? std::vector<std::string>() : *claims);
    };
    TRY(claims ? side.database.write(work) : side.database.write_checked(work));  // a claim may be taken by another
    change->type = type;
    change->kind = kind;
    change->version = stored.version;
    change->body = stored.body;
    recent_.note(stored.name, change);
    side.database.after_group([this, alive = std::weak_ptr<int>(alive_), hub = &side.hub, change](bool durable) {
      if (alive.expired()) return;
      if (!durable) return recent_.clear();
      hub->publish(change);
    });
    return stored;
  }

  using Key = std::pair<std::string_view, std::string_view>;  // group and kind; these texts live for ever
  static Key key_of(const Kind& kind) { return {kind.group, kind.kind}; }

  bool is_kept(const Kind& kind) {
    const auto found = kept_until_.find(key_of(kind));
    if (found == kept_until_.end()) return false;
    if (clock_.monotonic() < found->second) return true;
    kept_until_.erase(found);
    return false;
  }

  core::Clock& clock_;
  std::unique_ptr<Side> durable_;
  std::unique_ptr<Side> fleeting_;
  BackendOptions options_;
  Recent recent_;
  std::map<Key, Instant> kept_until_;  // changes say what was before
  std::map<Key, std::int64_t> began_;  // the version from which on a kind is what it is now
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace
}  // namespace sqlite

Result<Object> Stored::parse() const {
  if (object != nullptr) return *object;
  auto value = doc::parse_json(body, "<object store>");
  if (value) return Object(std::move(*value));
  return fail(Error(Code::data_loss, "a stored object is not JSON").on(name.text()).because(std::move(value).error()));
}

bool is_volatile(const Kind& kind) { return std::ranges::find(sqlite::kVolatile, kind) != std::end(sqlite::kVolatile); }

Result<std::unique_ptr<Backend>> make_sqlite_backend(core::World& world, storage::Database& database,
                                                     storage::Database* volatile_database, BackendOptions options) {
  TRY_ASSIGN(auto durable, sqlite::open_side(world.loop, database));
  std::unique_ptr<sqlite::Side> fleeting;
  if (volatile_database != nullptr) {
    TRY_ASSIGN(fleeting, sqlite::open_side(world.loop, *volatile_database));
  }
  auto backend =
      std::make_unique<sqlite::SqliteBackend>(world.clock, std::move(durable), std::move(fleeting), std::move(options));
  TRY(backend->move_volatile());
  return backend;
}

Result<> outdate_versions(storage::Database& database) {
  TRY(storage::migrate(database, "objects", sqlite::migrations()));
  return database.write([](storage::Connection& connection) -> Result<> {
    TRY_ASSIGN(const auto last, sqlite::current_version(connection));
    TRY(connection.execute("DELETE FROM object_event"));
    return connection.execute("UPDATE object_version SET rv = ?", {last > 0 ? last + sqlite::kEpoch : 0});
  });
}

}  // namespace slipway::objects
