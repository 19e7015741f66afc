#pragma once
// Content negotiation as a Kubernetes API server does it: which of the forms that a handler can answer in a client
// likes best. A media type's parameters may ask for another kind in place of the object's own:
//   application/json;as=Table;v=v1;g=meta.k8s.io
// RFC 9110 section 12.5.1 for the header; parameters that no form knows (charset) do not count. Pure; safe from any
// thread.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::objects::discovery {

// One element of an Accept header.
struct MediaRange {
  std::string type;     // "application", or "*"
  std::string subtype;  // "json", or "*"
  double quality = 1;   // 0: not acceptable
  // The transformation that is asked for; empty: the object itself.
  std::string as, group, version;
  bool pretty = false;  // pretty=1
};

// Best first: by quality, then as written, except that what has a star stands behind what has none. What cannot be read
// is left out. An empty header is "*/*".
std::vector<MediaRange> parse_accept(std::string_view accept);

// A form that a handler can answer in.
struct Form {
  std::string_view media_type;          // "application/json"
  std::string_view as, group, version;  // empty: as it is
  std::string_view content_type;        // of the answer; empty: `media_type`

  bool is_plain() const { return as.empty(); }
  bool is_yaml() const { return media_type == "application/yaml"; }
  std::string_view answered_as() const { return content_type.empty() ? media_type : content_type; }
};

struct Choice {
  const Form* form = nullptr;  // one of those offered; nullptr: nothing is acceptable, which is 406
  bool pretty = false;
  explicit operator bool() const { return form != nullptr; }
};

// Among forms that a media range likes equally ("*/*"), the first one offered.
Choice negotiate(std::string_view accept, std::span<const Form> offered);

// What objects and lists of objects are offered in: JSON first, YAML; as themselves, Table, PartialObjectMetadata and
// PartialObjectMetadataList, the latter three in meta.k8s.io v1 and v1beta1.
std::span<const Form> object_forms();
// Events of a watch: JSON only, in the same shapes.
std::span<const Form> watch_forms();
// Only JSON.
std::span<const Form> json_forms();

}  // namespace slipway::objects::discovery
