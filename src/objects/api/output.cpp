#include "objects/api/output.hpp"

#include <algorithm>
#include <array>

#include "objects/discovery/negotiate.hpp"

namespace slipway::objects::api {
namespace {

// A list of these shapes names the kind of its items with List behind it.
constexpr std::string_view metadata_kind = "PartialObjectMetadata";

doc::Object list_metadata(std::int64_t version, const std::string& continue_token,
                          std::optional<std::int64_t> remaining) {
  doc::Object metadata{{"resourceVersion", std::to_string(version)}};
  if (!continue_token.empty()) metadata.append("continue", continue_token);
  if (remaining) metadata.append("remainingItemCount", *remaining);
  return metadata;
}

// Go's strconv.ParseBool.
bool wants_pretty(std::string_view said) {
  constexpr std::array truths{"1", "t", "T", "true", "TRUE", "True"};
  return std::ranges::find(truths, said) != truths.end();
}

}  // namespace

Answer<Output> Output::of_forms(const Call& call, core::Time now, std::span<const discovery::Form> forms) {
  const auto choice = discovery::negotiate(call.request.header("Accept"), forms);
  if (!choice) {
    return refuse(not_acceptable("only the following media types are accepted: application/json, application/yaml"));
  }
  Output output;
  output.form_ = choice.form;
  output.pretty_ = choice.pretty || wants_pretty(call.request.parameter("pretty"));
  output.now_ = now;
  auto include = table::parse_include_object(call.request.parameter("includeObject"));
  if (!include) return refuse(bad_request(include.error().message));
  output.include_ = *include;
  return output;
}

Answer<Output> Output::of(const Call& call, core::Time now) { return of_forms(call, now, discovery::object_forms()); }
Answer<Output> Output::of_watch(const Call& call, core::Time now) {
  return of_forms(call, now, discovery::watch_forms());
}

net::Response Output::respond(const doc::Value& value) const {
  net::Response response;
  response.headers.emplace_back("Content-Type", form_->answered_as());
  if (form_->is_yaml()) {
    response.body = doc::render_yaml(value);
  } else {
    response.body = pretty_ ? doc::render_json_pretty(value) : doc::render_json(value);
  }
  return response;
}

net::Response Output::verbatim(std::string body) const {
  net::Response response;
  response.headers.emplace_back("Content-Type", form_->answered_as());
  response.body = std::move(body);
  return response;
}

doc::Value Output::in_form(const Call& call, const doc::Value& value, bool headers) const {
  if (form_->is_plain()) return value;
  const Object object(value);
  if (!is_table()) return table::partial_metadata(object, form_->version);
  table::WireOptions options;
  options.include = include_;
  options.headers = headers;
  options.version = form_->version;
  options.resource_version = object.resource_version();
  const std::span one(&object, 1);
  // A bookmark has no row.
  const auto rows = value["metadata"]["name"].is_null() ? std::span<const Object>() : one;
  return table::render_table(table::table_of(*call.resource, rows, now_), rows, options);
}

net::Response Output::object(const Call& call, const doc::Value& value) const {
  return respond(in_form(call, value, true));
}

std::string Output::event_object(const Call& call, const doc::Value& value, bool is_first) const {
  return doc::render_json(in_form(call, value, is_first));
}

Output::List::List(const Output& output, const schema::Resource& resource) : output_(output) {
  if (resource.is_custom()) return;
  const auto kind = R"("kind":")" + resource.kind + R"(",)";
  const auto version = R"("apiVersion":")" + resource.api_version() + R"(",)";
  beginnings_ = {"{" + kind + version, "{" + version + kind};
}

void Output::List::add(std::string body) {
  if (size_++ > 0) items_ += ',';
  const std::string_view text = body;
  for (const auto& beginning : beginnings_) {
    if (!text.starts_with(beginning)) continue;
    items_ += '{';
    items_ += text.substr(beginning.size());
    return;
  }
  items_ += text;
}

doc::Value Output::List::shown(Object object) const {
  if (!output_.form_->is_plain()) return table::partial_metadata(object, output_.form_->version);
  auto document = std::move(object.document());
  if (!beginnings_.empty()) {
    document.as_object().erase("kind");
    document.as_object().erase("apiVersion");
  }
  return document;
}

void Output::List::add(Object object) {
  ++size_;
  objects_.push_back(std::move(object));
}

net::Response Output::List::finish(const Call& call, std::int64_t version, const std::string& continue_token,
                                   std::optional<std::int64_t> remaining) {
  const auto& form = *output_.form_;
  if (output_.is_table()) {
    table::WireOptions options;
    options.include = output_.include_;
    options.version = form.version;
    options.resource_version = std::to_string(version);
    options.continue_token = continue_token;
    options.remaining = remaining;
    return output_.respond(
        table::render_table(table::table_of(*call.resource, objects_, output_.now_), objects_, options));
  }
  auto metadata = list_metadata(version, continue_token, remaining);
  if (output_.is_verbatim()) {
    // Documents only where they had to be converted.
    for (auto& object : objects_) {
      if (!items_.empty()) items_ += ',';
      items_ += doc::render_json(shown(std::move(object)));
    }
    const std::string head = R"({"kind":")" + call.resource->list_kind() + R"(","apiVersion":")" +
                             call.resource->api_version() + R"(","metadata":)" +
                             doc::render_json(doc::Value(std::move(metadata))) + R"(,"items":[)";
    items_.insert(0, head);  // in place: a list may be large
    items_ += "]}\n";
    return output_.verbatim(std::move(items_));
  }
  doc::Array items;
  for (auto& object : objects_) items.push_back(shown(std::move(object)));
  doc::Object list{{"kind", call.resource->list_kind()}, {"apiVersion", call.resource->api_version()}};
  if (!form.is_plain()) {
    list = doc::Object{{"kind", std::string(metadata_kind) + "List"},
                       {"apiVersion", "meta.k8s.io/" + std::string(form.version)}};
  }
  list.set("metadata", std::move(metadata));
  list.set("items", std::move(items));
  return output_.respond(doc::Value(std::move(list)));
}

}  // namespace slipway::objects::api
