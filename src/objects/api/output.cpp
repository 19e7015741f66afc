#include "objects/api/output.hpp"

#include "objects/api/tables.hpp"
#include "objects/discovery/negotiate.hpp"

namespace slipway::objects::api {
namespace {

// A list of these shapes names the kind of its items with List behind it.
constexpr std::string_view metadata_kind = "PartialObjectMetadata";
constexpr std::string_view meta_v1 = "meta.k8s.io/v1";

doc::Value partial_of(const doc::Value& object, std::string_view api_version) {
  return doc::Object{{"kind", metadata_kind}, {"apiVersion", api_version}, {"metadata", object["metadata"]}};
}

doc::Object list_metadata(std::int64_t version, const std::string& continue_token,
                          std::optional<std::int64_t> remaining) {
  doc::Object metadata{{"resourceVersion", std::to_string(version)}};
  if (!continue_token.empty()) metadata.append("continue", continue_token);
  if (remaining) metadata.append("remainingItemCount", *remaining);
  return metadata;
}

}  // namespace

Answer<Output> Output::of_forms(const Call& call, core::Time now, std::span<const discovery::Form> forms) {
  const auto choice = discovery::negotiate(call.request.header("Accept"), forms);
  if (!choice) {
    return refuse(not_acceptable("only the following media types are accepted: application/json, application/yaml"));
  }
  Output output;
  output.form_ = choice.form;
  output.pretty_ = choice.pretty || is_true(call.request, "pretty");
  output.now_ = now;
  const auto include = call.request.parameter("includeObject");
  output.include_ = include == "None" ? IncludeObject::none : include == "Object" ? IncludeObject::whole
                                                                                 : IncludeObject::metadata;
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

doc::Value Output::in_form(const Call& call, const doc::Value& value) const {
  if (form_->is_plain()) return value;
  const std::string version = "meta.k8s.io/" + std::string(form_->version);
  if (is_table()) {
    auto table = table_of(*call.resource, {&value, 1}, include_, now_);
    table.as_object().set("apiVersion", version);
    table.as_object().set("metadata", doc::Object{{"resourceVersion", value["metadata"]["resourceVersion"]}});
    return table;
  }
  return partial_of(value, version);
}

net::Response Output::object(const Call& call, const doc::Value& value) const { return respond(in_form(call, value)); }

std::string Output::event_object(const Call& call, const doc::Value& value) const {
  return doc::render_json(in_form(call, value));
}

void Output::List::add(std::string body) {
  if (size_++ > 0) items_ += ',';
  items_ += body;
}

void Output::List::add(doc::Value object) {
  ++size_;
  documents_.push_back(std::move(object));
}

net::Response Output::List::finish(const Call& call, std::int64_t version, const std::string& continue_token,
                                   std::optional<std::int64_t> remaining) {
  auto metadata = list_metadata(version, continue_token, remaining);
  const auto& form = *output_.form_;
  if (output_.is_verbatim()) {
    // Documents only where they had to be converted.
    for (const auto& document : documents_) {
      if (!items_.empty()) items_ += ',';
      items_ += doc::render_json(document);
    }
    std::string body = "{\"kind\":\"" + call.resource->list_kind() + "\",\"apiVersion\":\"" +
                       call.resource->api_version() + "\",\"metadata\":" + doc::render_json(doc::Value(std::move(metadata))) +
                       ",\"items\":[";
    body.reserve(body.size() + items_.size() + 3);
    body.append(items_).append("]}\n");
    return output_.verbatim(std::move(body));
  }
  const std::string meta_version = "meta.k8s.io/" + std::string(form.version);
  if (output_.is_table()) {
    auto table = table_of(*call.resource, documents_, output_.include_, output_.now_);
    table.as_object().set("apiVersion", meta_version);
    table.as_object().set("metadata", std::move(metadata));
    return output_.respond(table);
  }
  doc::Object list{{"kind", call.resource->list_kind()}, {"apiVersion", call.resource->api_version()}};
  if (!form.is_plain()) {
    list = doc::Object{{"kind", std::string(metadata_kind) + "List"}, {"apiVersion", meta_version}};
    for (auto& document : documents_) document = partial_of(document, meta_v1);
  }
  list.set("metadata", std::move(metadata));
  list.set("items", std::move(documents_));
  return output_.respond(doc::Value(std::move(list)));
}

}  // namespace slipway::objects::api
