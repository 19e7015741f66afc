#include "objects/api/foreign.hpp"

#include <cstdlib>
#include <deque>

#include "net/headers.hpp"
#include "objects/api/body.hpp"
#include "objects/api/output.hpp"
#include "objects/api/watches.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::size_t most_queued = 1024UL * 1024;  // bytes of events that wait for the webhook
constexpr std::size_t full_at = most_queued / 4;    // then the beginning of a watch waits
constexpr std::size_t most_at_once = 128;           // objects of a watch in one review

bool is_refusal(const net::Response& response) {
  constexpr int first_error = 400;
  return response.status >= first_error;
}

void set_query(net::Request& request, const std::string& name, std::string value) {
  std::erase_if(request.query, [&](const auto& parameter) { return parameter.first == name; });
  if (!value.empty()) request.query.emplace_back(name, std::move(value));
}

bool is_list(const doc::Value& answer) { return answer["items"].is_array(); }

}  // namespace

// Hands a whole answer to a callback.
class ForeignVersions::Answered final : public net::Responder {
 public:
  explicit Answered(OnAnswer on_answer, std::shared_ptr<net::Responder> client)
      : on_answer_(std::move(on_answer)), client_(std::move(client)) {}
  void send(net::Response response) override { on_answer_(std::move(response)); }
  void begin(int, core::Headers) override {}
  bool write(std::string_view) override { return false; }
  void end() override {}
  bool is_open() const override { return client_->is_open(); }
  void on_close(std::function<void()> callback) override { client_->on_close(std::move(callback)); }

 private:
  OnAnswer on_answer_;
  std::shared_ptr<net::Responder> client_;
};

// A watch on its way through the webhook: events in their order, as many at once as wait.
class ForeignVersions::Relay final : public net::Responder, public std::enable_shared_from_this<Relay> {
 public:
  Relay(Context& context, CallPtr call, Output output) : context_(context), call_(std::move(call)), output_(output) {}

  void send(net::Response response) override { call_->responder->send(std::move(response)); }
  void begin(int status, core::Headers headers) override { call_->responder->begin(status, std::move(headers)); }
  bool write(std::string_view bytes) override {
    if (!is_open() || unread_.size() + queued_ > most_queued) return false;
    unread_ += bytes;
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      queued_ += end;
      lines_.push_back(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
    convert_next();
    return true;
  }
  void end() override {
    is_over_ = true;
    if (!is_asking_) finish();
  }
  bool is_full() const override { return queued_ > full_at || call_->responder->is_full(); }
  void when_writable(std::function<void()> callback) override {
    if (queued_ <= full_at) return call_->responder->when_writable(std::move(callback));
    on_writable_ = std::move(callback);
  }
  bool is_open() const override { return !is_over_ && call_->responder->is_open(); }
  void on_close(std::function<void()> callback) override { call_->responder->on_close(std::move(callback)); }

 private:
  void convert_next() {
    if (is_asking_ || lines_.empty()) return;
    std::vector<doc::Value> events;
    std::vector<doc::Value> objects;
    while (!lines_.empty() && events.size() < most_at_once) {
      queued_ -= lines_.front().size();
      auto event = doc::parse_json(lines_.front(), "<event>");
      lines_.pop_front();
      if (!event) continue;
      if (has_object(*event)) objects.push_back((*event)["object"]);
      events.push_back(std::move(*event));
    }
    is_asking_ = true;
    context_.conversion->convert(
        call_->resource, std::move(objects),
        [self = shared_from_this(), events = std::move(events)](Answer<std::vector<doc::Value>> converted) mutable {
          self->is_asking_ = false;
          self->tell(std::move(events), std::move(converted));
        });
  }

  static bool has_object(const doc::Value& event) {
    const auto type = event["type"].string_or("");
    return type != "BOOKMARK" && type != "ERROR";
  }

  void tell(std::vector<doc::Value> events, Answer<std::vector<doc::Value>> converted) {
    if (!converted) {
      tell_one("ERROR", doc::render_json(converted.error().status()));
      is_over_ = true;
      return finish();
    }
    std::size_t next = 0;
    for (auto& event : events) {
      const auto type = event["type"].string_or("");
      auto object = has_object(event) ? std::move((*converted)[next++]) : std::move(event.at_or_insert("object"));
      if (type == "ERROR") {
        tell_one(type, doc::render_json(object));
        continue;
      }
      object.at_or_insert("apiVersion") = call_->resource->api_version();
      const bool is_first = type != "BOOKMARK" && !std::exchange(has_told_, true);
      tell_one(type, output_.is_verbatim() ? doc::render_json(object) : output_.event_object(*call_, object, is_first));
    }
    if (is_over_ && lines_.empty()) return finish();
    if (on_writable_ && queued_ <= full_at) when_writable(std::exchange(on_writable_, nullptr));
    convert_next();
  }

  void tell_one(std::string_view type, std::string_view object) { call_->responder->write(event_line(type, object)); }

  void finish() { call_->responder->end(); }

  Context& context_;
  CallPtr call_;
  Output output_;
  std::string unread_;
  std::deque<std::string> lines_;
  std::size_t queued_ = 0;
  bool is_asking_ = false;
  bool is_over_ = false;
  bool has_told_ = false;
  std::function<void()> on_writable_;
};

// A patch is applied to what the client sees; what comes of it is written over the version that it was made from.
struct ForeignVersions::Patching {
  CallPtr call;
  PatchType type = PatchType::merge;
  doc::Value body;
  int attempt = 0;
};

bool ForeignVersions::concerns(const Context& context, const Call& call) {
  const auto& resource = *call.resource;
  if (context.conversion == nullptr || !resource.is_custom() || resource.custom->conversion.is_null()) return false;
  return (call.is_converted() || resource.custom->keeps_old_versions) && !call.is_translated &&
         call.info.verb != Verb::connect && (call.info.subresource.empty() || call.info.subresource == "status");
}

CallPtr ForeignVersions::in_stored_version(const Call& call, OnAnswer on_answer) const {
  auto inner = std::make_shared<Call>(call);
  inner->info.version = call.stored->version;
  inner->resource = call.stored;
  inner->warnings.clear();
  inner->is_translated = true;
  net::remove_header(inner->request.headers, "Accept");
  set_query(inner->request, "pretty", "");
  inner->responder = std::make_shared<Answered>(std::move(on_answer), call.responder);
  return inner;
}

void ForeignVersions::handle(const CallPtr& call) {
  const bool watches = call->info.verb == Verb::watch;
  const auto now = context_.world.clock.now();
  auto output = watches ? Output::of_watch(*call, now) : Output::of(*call, now);
  if (!output) return call->send(output.error());
  const auto on_answer = [this, call](net::Response response) { answer(call, std::move(response)); };
  switch (call->info.verb) {
    case Verb::watch: {
      Watches::choose_transport(*call);
      auto inner = in_stored_version(*call, {});
      net::remove_header(inner->request.headers, "Upgrade");
      inner->responder = std::make_shared<Relay>(context_, call, std::move(*output));
      return serve_(inner);
    }
    case Verb::create:
    case Verb::update: {
      auto body = read_object(*call);
      if (!body) return call->send(body.error());
      return write(call, std::move(*body), false, on_answer);
    }
    case Verb::patch: {
      auto patching = std::make_shared<Patching>();
      patching->call = call;
      return begin_patch(patching);
    }
    default:
      return serve_(in_stored_version(*call, on_answer));
  }
}

// `object` is in the client's version.
void ForeignVersions::write(const CallPtr& call, doc::Value object, bool keeps_ownership, OnAnswer on_answer) {
  context_.conversion->convert(
      call->stored, {std::move(object)},
      [this, call, keeps_ownership, on_answer = std::move(on_answer)](Answer<std::vector<doc::Value>> converted) {
        if (!converted) return call->send(converted.error());
        auto inner = in_stored_version(*call, on_answer);
        auto& request = inner->request;
        net::remove_header(request.headers, "Content-Type");
        request.headers.emplace_back("Content-Type", "application/json");
        request.body = doc::render_json(converted->front());
        request.body_file.clear();
        // The client's fields were judged; what the webhook makes of them is not the client's doing.
        set_query(request, "fieldValidation", "Ignore");
        set_query(request, "force", "");
        inner->keeps_ownership = keeps_ownership;
        serve_(inner);
      });
}

void ForeignVersions::begin_patch(const std::shared_ptr<Patching>& patching) {
  auto& call = *patching->call;
  if (++patching->attempt == 1) {
    const auto type = patch_type_of(call);
    if (!type) return call.send(type.error());
    auto body = *type == PatchType::apply ? read_applied(call) : read_patch(call);
    if (!body) return call.send(body.error());
    patching->type = *type;
    patching->body = std::move(*body);
  }
  auto reading = in_stored_version(call, [this, patching](net::Response response) {
    constexpr int not_found = 404;
    const bool is_new = response.status == not_found && patching->type == PatchType::apply;
    if (is_new) return patch(patching, std::nullopt);
    if (is_refusal(response)) return answer(patching->call, std::move(response));
    auto stored = doc::parse_json(response.body, "<object>");
    if (!stored) return patching->call->send(from_error(stored.error()));
    context_.conversion->convert(patching->call->resource, {std::move(*stored)},
                                 [this, patching](Answer<std::vector<doc::Value>> converted) {
                                   if (!converted) return patching->call->send(converted.error());
                                   patch(patching, std::move(converted->front()));
                                 });
  });
  reading->info.verb = Verb::get;
  reading->request.query.clear();
  serve_(reading);
}

void ForeignVersions::patch(const std::shared_ptr<Patching>& patching, std::optional<doc::Value> live) {
  auto& call = *patching->call;
  // As if the client's version were the stored one.
  Call seen = call;
  seen.stored = seen.resource;
  std::optional<Current> current;
  if (live) current = Current{std::move(*live), 0};
  auto& world = context_.world;
  auto draft = draft_patch(seen, patching->type, patching->body, current,
                           {world.random.uuid(), world.clock.now(), world.random});
  call.warnings = std::move(seen.warnings);
  if (!draft) return call.send(draft.error());
  const auto target = std::make_shared<Call>(call);
  target->info.verb = current ? Verb::update : Verb::create;
  if (!current) target->info.name.clear();
  const bool names_version = !patching->body["metadata"]["resourceVersion"].string_or("").empty();
  write(target, std::move(draft->after), draft->is_owned, [this, patching, names_version](net::Response response) {
    constexpr int conflict = 409;
    const bool is_race = response.status == conflict && !names_version && patching->attempt < most_attempts;
    if (is_race) return begin_patch(patching);
    answer(patching->call, std::move(response));
  });
}

void ForeignVersions::answer(const CallPtr& call, net::Response response) {
  auto value = is_refusal(response) ? Result<doc::Value>(doc::Value()) : doc::parse_json(response.body, "<answer>");
  if (!value) return call->send(from_error(value.error()));
  // Refusals, and the Status of what is gone, say the same in every version.
  const bool is_said = is_refusal(response) || (*value)["kind"].string_or("") == "Status";
  if (is_said) return call->send(std::move(response));
  std::vector<doc::Value> objects;
  if (is_list(*value)) {
    auto& items = value->at_or_insert("items").as_array();
    objects.assign(std::move_iterator(items.begin()), std::move_iterator(items.end()));
  } else {
    objects.push_back(std::move(*value));
  }
  context_.conversion->convert(call->resource, std::move(objects),
                               [this, call, list = std::move(*value),
                                response = std::move(response)](Answer<std::vector<doc::Value>> converted) mutable {
                                 if (!converted) return call->send(converted.error());
                                 auto shown = show(*call, list, std::move(*converted));
                                 if (!shown) return call->send(shown.error());
                                 shown->status = response.status;
                                 for (auto& header : response.headers) {
                                   if (header.first == "Warning") shown->headers.push_back(std::move(header));
                                 }
                                 call->send(std::move(*shown));
                               });
}

Answer<net::Response> ForeignVersions::show(const Call& call, const doc::Value& list,
                                            std::vector<doc::Value> objects) const {
  TRY_ANSWER(const auto output, Output::of(call, context_.world.clock.now()));
  if (!is_list(list)) return output.object(call, objects.front());
  auto items = output.list(*call.resource);
  for (auto& object : objects) items.add(Object(std::move(object)));
  const auto& metadata = list["metadata"];
  const auto version = std::strtoll(metadata["resourceVersion"].string_or("").c_str(), nullptr, 10);
  std::optional<std::int64_t> remaining;
  if (const auto& left = metadata["remainingItemCount"]; left.is_int()) remaining = left.as_int();
  return items.finish(call, version, metadata["continue"].string_or(""), remaining);
}

}  // namespace slipway::objects::api
