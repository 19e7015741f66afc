// Store on a backend: what a verb means is semantics.hpp; each is one write of the backend.

#include <charconv>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/backend.hpp"
#include "objects/garbage.hpp"
#include "objects/kinds.hpp"
#include "objects/semantics.hpp"

namespace slipway::objects {
namespace {

constexpr int kGenerateNameAttempts = 8;

Result<Kind> kind_of(const Object& object) {
  if (!object.document().is_object() || !object.document()["metadata"].is_object()) {
    return fail(Code::invalid_argument, "an object needs apiVersion, kind and metadata");
  }
  return kinds::find(object.api_version(), object.kind());
}

std::optional<Kind> stored_kind(std::string_view group, std::string_view kind) {
  for (const auto& known : kinds::all()) {
    if (known.group == group && known.kind == kind) return known;
  }
  return std::nullopt;
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

Result<std::int64_t> parse_version(const std::string& text) {
  std::int64_t version = 0;
  const auto* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, version);
  if (parsed.ec == std::errc{} && parsed.ptr == end) return version;
  return fail(Code::invalid_argument, "resourceVersion \"" + text + "\" is not one of this store");
}

using OnEvent = std::function<void(const WatchEvent&)>;

// A watch as Store gives it. Begins with a backlog when it has one; begins again when the backend cut it off.
class StoreWatch final : public Watch {
 public:
  struct State {
    State(core::Loop& l, Backend& b, const Kind& k, OnEvent f) : loop(l), backend(b), kind(k), on_event(std::move(f)) {}
    core::Loop& loop;
    Backend& backend;
    Kind kind;
    OnEvent on_event;
    std::unique_ptr<ChangeWatch> changes;
    bool is_closed = false;
  };

  explicit StoreWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~StoreWatch() override {
    state_->is_closed = true;
    state_->changes.reset();
  }

  static Result<> follow(const std::shared_ptr<State>& state, std::int64_t after) {
    TRY_ASSIGN(state->changes,
               state->backend.watch(state->kind, after, [weak = std::weak_ptr(state)](const auto& change) {
                 const auto alive = weak.lock();
                 if (!alive || alive->is_closed) return;
                 if (change == nullptr) return begin_again(alive);
                 alive->on_event({change->type, change->object});
               }));
    return {};
  }

  // Everything there is, as added; then what changes after that.
  static Result<> begin(const std::shared_ptr<State>& state) {
    auto backlog = std::make_shared<std::deque<std::string>>();
    TRY_ASSIGN(const auto version, state->backend.list(state->kind, {}, [&](Stored stored) {
      backlog->push_back(std::move(stored.body));
      return true;
    }));
    // Posted before any later change can be: the loop keeps the order.
    state->loop.post([weak = std::weak_ptr(state), backlog] {
      while (!backlog->empty()) {
        const auto alive = weak.lock();
        if (!alive || alive->is_closed) return;
        auto document = doc::parse_json(backlog->front(), "<object store>");
        backlog->pop_front();
        if (document) {
          alive->on_event({EventType::added, Object(std::move(*document))});
        } else {
          log::error("objects", "a stored object is not JSON", {{"error", document.error().one_line()}});
        }
      }
    });
    return follow(state, version);
  }

 private:
  static void begin_again(const std::shared_ptr<State>& state) {
    log::warn("objects", "a watch fell behind and begins again", {{"kind", state->kind.kind}});
    state->loop.post([weak = std::weak_ptr(state)] {
      const auto alive = weak.lock();
      if (!alive || alive->is_closed) return;
      if (auto begun = begin(alive); !begun) {
        log::error("objects", "a watch ended", {{"kind", alive->kind.kind}, {"error", begun.error().one_line()}});
      }
    });
  }

  std::shared_ptr<State> state_;
};

class BackendStore final : public Store {
 public:
  BackendStore(core::World& world, Backend& backend)
      : clock_(world.clock), loop_(world.loop), random_(world.random), backend_(backend) {}

  Result<Object> get(const Kind& kind, const Name& name) override {
    TRY_ASSIGN(auto found, find(kind, name));
    if (!found) return fail(not_found_error(kind, name));
    return std::move(*found);
  }

  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override {
    TRY_ASSIGN(const auto stored, backend_.find(kind, normalized(kind, name)));
    if (!stored) return std::nullopt;
    return stored->parse();
  }

  Result<List> list(const Kind& kind, const ListOptions& options) override {
    List result;
    KeyRange range{.ns = kind.namespaced ? options.ns : "", .after = {}};
    std::optional<std::int64_t> first_version;
    if (!options.continue_token.empty()) {
      TRY_ASSIGN(const auto token, parse_page_token(options.continue_token));
      range.after = Name{token["ns"].string_or(""), token["name"].string_or("")};
      first_version = token["rv"].int_or(0);  // of the first page: a watch from it misses nothing
    }
    Result<> outcome;
    bool has_more = false;
    TRY_ASSIGN(const auto version, backend_.list(kind, range, [&](const Stored& stored) {
      if (options.field_name && stored.name.name != *options.field_name) return true;
      auto object = stored.parse();
      if (!object) {
        outcome = fail(std::move(object).error());
        return false;
      }
      if (!options.labels.empty() && !options.labels.matches(object->labels())) return true;
      has_more = options.limit > 0 && result.items.size() == options.limit;
      if (!has_more) result.items.push_back(std::move(*object));
      return !has_more;
    }));
    TRY(std::move(outcome));
    result.resource_version = std::to_string(first_version.value_or(version));
    if (has_more) result.continue_token = page_token(first_version.value_or(version), result.items.back().name());
    return result;
  }

  Result<Object> create(Object object) override {
    TRY_ASSIGN(const auto kind, kind_of(object));
    if (!object.resource_version().empty()) {
      return fail(Code::invalid_argument, "resourceVersion should not be set on objects to be created");
    }
    return insert(kind, std::move(object));
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
    if (object.name().name.empty()) return fail(Code::invalid_argument, "metadata.name is missing");
    TRY_ASSIGN(const auto stored, backend_.find(kind, normalized(kind, object.name())));
    if (stored) {
      return change(kind, object.name(), [&](const Object& before) { return applied(kind, before, object); });
    }
    object.document().at_or_insert("metadata").as_object().erase("resourceVersion");
    return insert(kind, std::move(object));
  }

  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override {
    const auto key = normalized(kind, name);
    TRY_ASSIGN(const auto stored, backend_.find(kind, key));
    if (!stored) return fail(not_found_error(kind, key));
    TRY_ASSIGN(const auto before, stored->parse());
    if (!options.uid_precondition.empty() && options.uid_precondition != before.uid()) {
      return fail(conflict_error(kind, key));
    }
    if (before.is_being_deleted()) return {};
    auto next = before;
    using Propagation = DeleteOptions::Propagation;
    if (options.propagation == Propagation::foreground) next.add_finalizer(kForegroundFinalizer);
    if (options.propagation == Propagation::orphan) next.add_finalizer(kOrphanFinalizer);
    if (!next.finalizers().empty()) {
      next.document().at_or_insert("metadata").at_or_insert("deletionTimestamp") = core::render_rfc3339(clock_.now());
      TRY(backend_.replace(kind, std::move(next), stored->version, &before));
      return {};
    }
    TRY(backend_.erase(kind, std::move(next), stored->version, &before));
    return {};
  }

  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& resource_version,
                                       OnEvent on_event) override {
    auto state = std::make_shared<StoreWatch::State>(loop_, backend_, kind, std::move(on_event));
    if (resource_version.empty()) {
      TRY(StoreWatch::begin(state));
    } else {
      TRY_ASSIGN(const auto version, parse_version(resource_version));
      TRY(StoreWatch::follow(state, version));
    }
    return std::make_unique<StoreWatch>(std::move(state));
  }

 private:
  static Object stamped(Object object, std::int64_t version) {
    object.document().at_or_insert("metadata").at_or_insert("resourceVersion") = std::to_string(version);
    return object;
  }

  Result<Object> insert(const Kind& kind, Object object) {
    const auto prefix = object.document()["metadata"]["generateName"].string_or("");
    const bool generate = object.name().name.empty() && !prefix.empty();
    for (int attempt = 1;; ++attempt) {
      if (generate) object.document().at_or_insert("metadata").at_or_insert("name") = prefix + random_suffix();
      TRY_ASSIGN(auto made, created(kind, object, random_.uuid(), clock_.now()));
      auto stored = backend_.insert(kind, made);
      if (stored) return stamped(std::move(made), stored->version);
      if (!generate || stored.error().code != Code::already_exists || attempt == kGenerateNameAttempts) {
        return fail(std::move(stored).error());
      }
    }
  }

  Result<Object> change(const Kind& kind, const Name& name,
                        const std::function<Result<Object>(const Object&)>& next_of) {
    const auto key = normalized(kind, name);
    TRY_ASSIGN(const auto stored, backend_.find(kind, key));
    if (!stored) return fail(not_found_error(kind, key));
    TRY_ASSIGN(const auto before, stored->parse());
    TRY_ASSIGN(auto next, next_of(before));
    if (next.document() == before.document()) return before;  // most reconciles write a status that is already there
    TRY_ASSIGN(const auto written, is_finished(next) ? backend_.erase(kind, next, stored->version, &before)
                                                     : backend_.replace(kind, next, stored->version, &before));
    return stamped(std::move(next), written.version);
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
  Backend& backend_;
};

// A store with its own backend and garbage collector.
class WholeStore final : public Store {
 public:
  WholeStore(core::World& world, std::unique_ptr<Backend> backend)
      : backend_(std::move(backend)),
        store_(world, *backend_),
        garbage_(world, *backend_, stored_kind, [this](const Kind& kind, const Name& name, const DeleteOptions& how) {
          return store_.remove(kind, name, how);
        }) {}
  Result<> open() { return garbage_.start(); }

  Result<Object> get(const Kind& kind, const Name& name) override { return store_.get(kind, name); }
  Result<std::optional<Object>> find(const Kind& kind, const Name& name) override { return store_.find(kind, name); }
  Result<List> list(const Kind& kind, const ListOptions& options) override { return store_.list(kind, options); }
  Result<Object> create(Object object) override { return store_.create(std::move(object)); }
  Result<Object> update(Object object) override { return store_.update(std::move(object)); }
  Result<Object> update_status(Object object) override { return store_.update_status(std::move(object)); }
  Result<Object> apply(Object object) override { return store_.apply(std::move(object)); }
  Result<> remove(const Kind& kind, const Name& name, const DeleteOptions& options) override {
    return store_.remove(kind, name, options);
  }
  Result<std::unique_ptr<Watch>> watch(const Kind& kind, const std::string& version, OnEvent on_event) override {
    return store_.watch(kind, version, std::move(on_event));
  }

 private:
  std::unique_ptr<Backend> backend_;
  BackendStore store_;
  Garbage garbage_;
};

}  // namespace

std::unique_ptr<Store> make_store(core::World& world, Backend& backend) {
  return std::make_unique<BackendStore>(world, backend);
}

Result<std::unique_ptr<Store>> make_sqlite_store(core::World& world, storage::Database& database,
                                                 std::size_t ring_size) {
  TRY_ASSIGN(auto backend, make_sqlite_backend(world, database, nullptr, {}, ring_size));
  auto store = std::make_unique<WholeStore>(world, std::move(backend));
  TRY(store->open());
  return store;
}

}  // namespace slipway::objects
