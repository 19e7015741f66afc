#include "objects/openapi/openapi.hpp"

#include <array>

#include "objects/discovery/negotiate.hpp"
#include "objects/openapi/document_v3.hpp"
#include "objects/openapi/gnostic.hpp"
#include "objects/openapi/swagger.hpp"

namespace slipway::objects::openapi {
namespace {

using discovery::Answer;
using discovery::Document;
using discovery::DocumentPtr;
using discovery::Form;

constexpr std::string_view v3_root = "/openapi/v3";
constexpr std::string_view v2_root = "/openapi/v2";

// What clients ask for is no media type that Go can parse; the answer has one that is.
constexpr std::string_view v2_answered = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
constexpr std::array v2_forms = {
    Form{"application/json", {}, {}, {}, {}},
    Form{"application/com.github.proto-openapi.spec.v2@v1.0+protobuf", {}, {}, {}, v2_answered},
    Form{v2_answered, {}, {}, {}, {}},
};

Answer only(int status) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Vary", "Accept"}};
  return answer;
}

std::string url_of(std::string_view name, std::string_view hash) {
  return std::string(v3_root).append("/").append(name).append("?hash=").append(hash);
}

}  // namespace

OpenApi::OpenApi(const Catalog& catalog, const schema::Registry& registry) : catalog_(catalog), registry_(registry) {}

void OpenApi::refresh() {
  if (revision_ == catalog_.revision()) return;
  revision_ = catalog_.revision();
  auto before = std::move(entries_);
  entries_.clear();
  order_.clear();
  index_ = v2_json_ = v2_protobuf_ = nullptr;
  for (auto& group : discovery::groups_of(catalog_)) {
    for (auto& version : group.versions) {
      std::string name = (group.name.empty() ? "api/" : "apis/") + version.api_version();
      Entry entry{std::move(version), nullptr};
      // Resources never change once they are made: the same ones make the same document.
      const auto at = before.find(name);
      if (at != before.end() && at->second.version.resources == entry.version.resources) {
        entry.document = at->second.document;
      }
      order_.push_back(name);
      entries_.emplace(std::move(name), std::move(entry));
    }
  }
}

const DocumentPtr& OpenApi::render(Entry& entry) {
  if (!entry.document) entry.document = Document::of(doc::render_json(document_v3(entry.version, registry_)));
  return entry.document;
}

const DocumentPtr& OpenApi::render_index() {
  if (index_) return index_;
  doc::Object paths;
  for (auto& [name, entry] : entries_) {
    paths.append(name, doc::Object{{"serverRelativeURL", url_of(name, render(entry)->hash)}});
  }
  doc::Object index;
  index.append("paths", std::move(paths));
  return index_ = Document::of(doc::render_json(index));
}

const DocumentPtr& OpenApi::render_v2(bool protobuf) {
  DocumentPtr& kept = protobuf ? v2_protobuf_ : v2_json_;
  if (kept) return kept;
  Swagger swagger;
  for (const std::string& name : order_) swagger.add(document_v3(entries_.at(name).version, registry_));
  const doc::Value document = swagger.take();
  return kept = Document::of(protobuf ? encode_gnostic_v2(document) : doc::render_json(document));
}

std::optional<Answer> OpenApi::get(std::string_view path, std::string_view hash, std::string_view accept,
                                   std::string_view if_none_match) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == v2_root) {
    const auto choice = discovery::negotiate(accept, v2_forms);
    if (!choice) return only(406);
    refresh();
    const bool protobuf = choice.form != v2_forms.data();
    return answer_with(render_v2(protobuf), choice.form->answered_as(), if_none_match);
  }
  if (path != v3_root && !path.starts_with("/openapi/v3/")) return std::nullopt;
  if (!discovery::negotiate(accept, discovery::json_forms())) return only(406);
  refresh();
  if (path == v3_root) return answer_with(render_index(), "application/json", if_none_match);
  return get_version(path.substr(v3_root.size() + 1), hash, if_none_match);
}

Answer OpenApi::get_version(std::string_view name, std::string_view hash, std::string_view if_none_match) {
  const auto at = entries_.find(name);
  if (at == entries_.end()) return only(404);
  const DocumentPtr& document = render(at->second);
  if (!hash.empty() && hash != document->hash) {
    Answer moved = only(301);
    moved.headers.emplace_back("Location", url_of(name, document->hash));
    return moved;
  }
  Answer answer = answer_with(document, "application/json", if_none_match);
  if (!hash.empty()) answer.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  return answer;
}

}  // namespace slipway::objects::openapi
