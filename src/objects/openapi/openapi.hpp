#pragma once
// OpenApi: answers GET of /openapi/v3, /openapi/v3/api/v1, /openapi/v3/apis/GROUP/VERSION and /openapi/v2 from a
// catalog. Each document is rendered when it is first asked for, the index of v3 asks for all of them, since it names
// their hashes; what a change of the catalog does not touch is kept.
//
// /openapi/v2 is there in protocol buffers because client-go reads no other form (see gnostic.hpp), and in JSON for
// everybody else. Answering 404 would do for create and apply, but not for `explain --output=plaintext-openapiv2`.
//
// Thread: the control loop only.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/discovery/document.hpp"
#include "objects/discovery/groups.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects::openapi {

class OpenApi {
 public:
  // Both outlive this.
  explicit OpenApi(const Catalog& catalog, const schema::Registry& registry = schema::builtin());

  // nullopt when `path` is none of these. `hash` is the query parameter of that name: the right one makes the answer
  // cacheable for ever, another one is sent to the right one (301).
  // 200, 301, 304; 404 for a group or version that is not served; 406.
  std::optional<discovery::Answer> get(std::string_view path, std::string_view hash, std::string_view accept,
                                       std::string_view if_none_match);

 private:
  struct Entry {
    discovery::GroupVersion version;
    discovery::DocumentPtr document;  // null: not asked for yet
  };

  void refresh();
  const discovery::DocumentPtr& render(Entry& entry);
  const discovery::DocumentPtr& render_index();
  const discovery::DocumentPtr& render_v2(bool protobuf);
  discovery::Answer get_version(std::string_view name, std::string_view hash, std::string_view if_none_match);

  const Catalog& catalog_;
  const schema::Registry& registry_;
  std::uint64_t revision_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;  // "api/v1", "apis/apps/v1"
  std::vector<std::string> order_;                     // of discovery
  discovery::DocumentPtr index_, v2_json_, v2_protobuf_;
};

}  // namespace slipway::objects::openapi
