// The embedded store: every verb is one transaction; what it changed is published when it is durable.

#include <algorithm>
#include <charconv>
#include <set>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "objects/semantics.hpp"
#include "objects/sqlite/tables.hpp"

namespace slipway::objects {
namespace sqlite {
namespace {

constexpr auto kCollectAgain = std::chrono::seconds(1);  // after a garbage collection that failed
constexpr int kGenerateNameAttempts = 8;

Result<Kind> kind_of(const Object& object) {
  if (!object.document().is_object() || !object.document()["metadata"].is_object()) {
    return fail(Code::invalid_argument, "an object needs apiVersion, kind and metadata");
  }
  return kinds::find(object.api_version(), object.kind());
}

std::string page_token(std::int64_t version, const Name& last) {
  doc::Object token{{"rv", version}, {"ns", last.ns}, {"name", last.name}};
  return core::base64(doc::render_json(doc::Value(std::move(token))));
}

Result<doc::Value> parse_page_token(const std::string& token) {
  auto bytes = core::from_base64(token);
  auto value = bytes ? doc::parse_json(*bytes, "<continue>") : Result<doc::Value>(fail(std::move(bytes).error()));
  if (value && (*value)["name"].is_string()) return value;
  return fail(Code::invalid_argument, "continue key is not valid", "list again without it");
}

class SqliteStore final : public Store {
 public:
  SqliteStore(core::World& world, storage::Database& database, std::size_t ring_size)
      : clock_(world.clock),
        loop_(world.loop),
        random_(world.random),
        database_(database),
        ring_size_(ring_size),
        hub_(loop_) {}

  Result<> open() {
    TRY(storage::migrate(database_, "objects", migrations()));
    std::vector<std::string> missing;
    TRY(database_.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(missing, select_missing_owners(connection));
      return {};
    }));
    for (auto& uid : missing) collect_later(std::move(uid));
    return {};
  }

  Result<Object> get(const Kind& kind, const Name& name) override {
    TRY_ASSIGN(auto found, find(kind, name));
    if (!found) return fail(not_found_error(kind, name));
    return std::move(*found);
  }

  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override {
    std::optional<Object> found;
    TRY(database_.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(found, select_object(connection, kind, normalized(kind, name)));
      return {};
    }));
    return found;
  }

  Result<List> list(const Kind& kind, const ListOptions& options) override {
    List result;
    std::optional<Name> after;
    if (!options.continue_token.empty()) {
      TRY_ASSIGN(const auto token, parse_page_token(options.continue_token));
      after = Name{token["ns"].string_or(""), token["name"].string_or("")};
      result.resource_version = token["rv"].string_or("");  // of the first page: a watch from it misses nothing
    }
    const bool filtered = !options.labels.empty() || options.field_name.has_value();
    // One more than asked tells whether there is another page.
    const auto rows = options.limit > 0 && !filtered ? options.limit + 1 : 0;
    const auto wanted = options.limit > 0 ? options.limit + 1 : SIZE_MAX;
    TRY(database_.read([&](storage::Connection& connection) -> Result<> {
      if (result.resource_version.empty()) {
        TRY_ASSIGN(const auto version, current_version(connection));
        result.resource_version = std::to_string(version);
      }
      return select_objects(connection, kind, kind.namespaced ? options.ns : "", after, rows,
                            [&](Object object) -> Result<> {
                              if (result.items.size() >= wanted) return {};
                              if (options.field_name && object.name().name != *options.field_name) return {};
                              if (!options.labels.empty() && !options.labels.matches(object.labels())) return {};
                              result.items.push_back(std::move(object));
                              return {};
                            });
    }));
    if (options.limit > 0 && result.items.size() > options.limit) {
      result.items.pop_back();
      std::int64_t version = 0;
      std::from_chars(result.resource_version.data(), result.resource_version.data() + result.resource_version.size(),
                      version);
      result.continue_token = page_token(version, result.items.back().name());
    }
    return result;
  }

  Result<Object> create(Object object) override {
    TRY_ASSIGN(const auto kind, kind_of(object));
    if (!object.resource_version().empty()) {
      return fail(Code::invalid_argument, "resourceVersion should not be set on objects to be created");
    }
    return write([&](Writer& writer) { return create_in(writer, kind, object); });
  }

  Result<Object> update(Object object) override {
    TRY_ASSIGN(const auto kind, kind_of(object));
    return change(kind, object.name(), [&](const Object& stored) { return updated(kind, stored, object); });
  }

  Result<Object> update_status(Object object) override {
    TRY_ASSIGN(const auto kind, kind_of(object));
    return change(kind, object.name(), [&](const Object& stored) { return status_updated(kind, stored, object); });
  }

  Result<Object> apply(Object object) override {
    TRY_ASSIGN(const auto kind, kind_of(object));
    const auto name = normalized(kind, object.name());
    if (name.name.empty()) return fail(Code::invalid_argument, "metadata.name is missing");
    return write([&](Writer& writer) -> Result<Object> {
      TRY_ASSIGN(auto stored, select_object(writer.connection(), kind, name));
      if (!stored) return create_in(writer, kind, object);
      TRY_ASSIGN(auto next, applied(kind, *stored, object));
      return put(writer, kind, *stored, std::move(next));
    });
  }

  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override {
    const auto key = normalized(kind, name);
    auto removed = write([&](Writer& writer) -> Result<Object> {
      TRY_ASSIGN(auto stored, select_object(writer.connection(), kind, key));
      if (!stored) return fail(not_found_error(kind, key));
      if (!options.uid_precondition.empty() && options.uid_precondition != stored->uid()) {
        return fail(conflict_error(kind, key));
      }
      if (options.propagation == DeleteOptions::Propagation::orphan) TRY(orphan_owned(writer, *stored));
      return delete_in(writer, kind, *stored);
    });
    if (!removed) return fail(std::move(removed).error());
    return {};
  }

  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& resource_version,
                                       std::function<void(const WatchEvent&)> on_event) override {
    std::vector<WatchEvent> backlog;
    std::int64_t version = 0;
    const auto* const end = resource_version.data() + resource_version.size();
    if (!resource_version.empty()) {
      const auto parsed = std::from_chars(resource_version.data(), end, version);
      if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return fail(Code::invalid_argument, "resourceVersion \"" + resource_version + "\" is not one of this store");
      }
    }
    TRY(database_.read([&](storage::Connection& connection) -> Result<> {
      if (!resource_version.empty()) {
        TRY_ASSIGN(backlog, select_events(connection, kind, version));
        return {};
      }
      return select_objects(connection, kind, "", std::nullopt, 0, [&](Object object) -> Result<> {
        backlog.push_back({EventType::added, std::move(object)});
        return {};
      });
    }));
    return hub_.open(kind, std::move(backlog), std::move(on_event));
  }

 private:
  // Runs `work` in one transaction, publishes what it changed, and returns what it made.
  Result<Object> write(const std::function<Result<Object>(Writer&)>& work) {
    Object made;
    std::vector<Change> changes;
    TRY(database_.write([&](storage::Connection& connection) -> Result<> {
      Writer writer(connection, ring_size_);
      TRY_ASSIGN(made, work(writer));
      changes = std::move(writer.changes());
      return {};
    }));
    for (const auto& change : changes) {
      if (change.event.type == EventType::deleted)
        collect_later(change.event.object.uid());
      else
        watch_for_missing_owners(change.event.object);
    }
    hub_.publish(std::move(changes));
    return made;
  }

  Result<Object> change(const Kind& kind, const Name& name,
                        const std::function<Result<Object>(const Object&)>& next_of) {
    const auto key = normalized(kind, name);
    // The common no-op costs no commit: most reconciles write a status that is already there.
    TRY_ASSIGN(const auto before, find(kind, key));
    if (!before) return fail(not_found_error(kind, key));
    TRY_ASSIGN(const auto probe, next_of(*before));
    if (probe.document() == before->document()) return *before;
    return write([&](Writer& writer) -> Result<Object> {
      TRY_ASSIGN(auto stored, select_object(writer.connection(), kind, key));
      if (!stored) return fail(not_found_error(kind, key));
      TRY_ASSIGN(auto next, next_of(*stored));
      return put(writer, kind, *stored, std::move(next));
    });
  }

  Result<Object> create_in(Writer& writer, const Kind& kind, Object object) {
    const auto prefix = object.document()["metadata"]["generateName"].string_or("");
    const bool generate = object.name().name.empty() && !prefix.empty();
    for (int attempt = 0;; ++attempt) {
      if (generate) object.document().at_or_insert("metadata").at_or_insert("name") = prefix + random_suffix();
      const auto key = normalized(kind, object.name());
      TRY_ASSIGN(const auto existing, select_object(writer.connection(), kind, key));
      if (!existing) break;
      if (!generate || attempt + 1 == kGenerateNameAttempts) return fail(already_exists_error(kind, key));
    }
    object.document().at_or_insert("metadata").as_object().erase("resourceVersion");
    TRY_ASSIGN(auto made, created(kind, std::move(object), random_.uuid(), clock_.now()));
    TRY(writer.insert(kind, made));
    return made;
  }

  static Result<Object> put(Writer& writer, const Kind& kind, const Object& stored, Object next) {
    if (next.document() == stored.document()) return next;
    TRY(is_finished(next) ? writer.erase(kind, next) : writer.replace(kind, next));
    return next;
  }

  Result<Object> delete_in(Writer& writer, const Kind& kind, Object object) {
    if (object.is_being_deleted()) return object;
    if (object.finalizers().empty()) {
      TRY(writer.erase(kind, object));
      return object;
    }
    object.document().at_or_insert("metadata").at_or_insert("deletionTimestamp") = core::render_rfc3339(clock_.now());
    TRY(writer.replace(kind, object));
    return object;
  }

  Result<> drop_owner(Writer& writer, Object& owned, const std::string& owner_uid) {
    TRY_ASSIGN(const auto kind, kind_of(owned));
    auto& metadata = owned.document().at_or_insert("metadata");
    auto& references = metadata.at_or_insert("ownerReferences").as_array();
    std::erase_if(references, [&](const doc::Value& reference) { return reference["uid"].string_or("") == owner_uid; });
    if (references.empty()) metadata.as_object().erase("ownerReferences");
    return writer.replace(kind, owned);
  }

  Result<> orphan_owned(Writer& writer, const Object& owner) {
    TRY_ASSIGN(auto owned, select_owned(writer.connection(), owner.uid()));
    for (auto& object : owned) TRY(drop_owner(writer, object, owner.uid()));
    return {};
  }

  // --- garbage: objects whose owners are gone follow them, in tasks of their own ---------------------------------

  void collect_later(std::string owner_uid, Duration delay = {}) {
    if (!collecting_.insert(owner_uid).second) return;
    core::Task task = [this, alive = std::weak_ptr<int>(alive_), owner_uid] {
      if (alive.expired()) return;
      collecting_.erase(owner_uid);
      if (auto done = collect(owner_uid); !done) {
        log::warn("objects", "garbage collection failed", {{"owner", owner_uid}, {"error", done.error().one_line()}});
        collect_later(owner_uid, kCollectAgain);
      }
    };
    if (delay == Duration{}) {
      loop_.post(std::move(task));
    } else {
      loop_.after(delay, std::move(task));
    }
  }

  // An object written with an owner that is gone already is garbage from birth.
  void watch_for_missing_owners(const Object& object) {
    for (const auto& owner : object.owners()) {
      bool exists = true;
      auto read = database_.read([&](storage::Connection& connection) -> Result<> {
        TRY_ASSIGN(exists, exists_uid(connection, owner.uid));
        return {};
      });
      if (read && !exists) collect_later(owner.uid);
    }
  }

  Result<> collect(const std::string& owner_uid) {
    bool any = false;
    TRY(database_.read([&](storage::Connection& connection) -> Result<> {
      TRY_ASSIGN(const auto owned, select_owned(connection, owner_uid));
      any = !owned.empty();
      return {};
    }));
    if (!any) return {};
    auto done = write([&](Writer& writer) -> Result<Object> {
      TRY_ASSIGN(const bool back, exists_uid(writer.connection(), owner_uid));
      if (back) return Object();
      TRY_ASSIGN(auto owned, select_owned(writer.connection(), owner_uid));
      for (auto& object : owned) {
        bool has_other_owner = false;
        for (const auto& owner : object.owners()) {
          TRY_ASSIGN(const bool exists, exists_uid(writer.connection(), owner.uid));
          has_other_owner = has_other_owner || exists;
        }
        if (has_other_owner) {
          TRY(drop_owner(writer, object, owner_uid));
        } else {
          TRY_ASSIGN(const auto kind, kind_of(object));
          auto deleted = delete_in(writer, kind, object);
          if (!deleted) return deleted;
        }
      }
      return Object();
    });
    if (!done) return fail(std::move(done).error());
    return {};
  }

  std::string random_suffix() {
    constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string text;
    for (int i = 0; i < 5; ++i) text += alphabet[random_.below(alphabet.size())];
    return text;
  }

  core::Clock& clock_;
  core::Loop& loop_;
  core::Random& random_;
  storage::Database& database_;
  std::size_t ring_size_;
  WatchHub hub_;
  std::set<std::string> collecting_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Store>> make_sqlite_store(core::World& world, storage::Database& database,
                                                 std::size_t ring_size) {
  auto store = std::make_unique<sqlite::SqliteStore>(world, database, ring_size);
  TRY(store->open());
  return store;
}

}  // namespace slipway::objects
