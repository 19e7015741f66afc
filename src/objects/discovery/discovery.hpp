#pragma once
// Discovery: answers GET of /api, /apis, /api/v1, /apis/GROUP and /apis/GROUP/VERSION from a catalog, each document
// rendered when it is first asked for and kept until the catalog changes.
//
// Thread: the control loop only.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/discovery/document.hpp"
#include "objects/discovery/groups.hpp"
#include "objects/discovery/negotiate.hpp"

namespace slipway::objects::discovery {

class Discovery {
 public:
  // `catalog` outlives this. `server_address`: host and port for APIVersions, may be empty.
  explicit Discovery(const Catalog& catalog, std::string server_address = {});

  // nullopt when `path` is none of discovery's. A slash at the end does not count.
  // 200, 304; 404 for a group or version that is not served; 406.
  std::optional<Answer> get(std::string_view path, std::string_view accept, std::string_view if_none_match);

 private:
  void refresh();
  const Group* find_group(std::string_view name) const;
  Answer get_root(bool legacy, std::string_view accept, std::string_view if_none_match);
  std::optional<doc::Value> render(std::string_view path) const;
  template <class Render>
  const DocumentPtr& kept(const std::string& key, Render render);

  const Catalog& catalog_;
  const std::string server_address_;
  std::uint64_t revision_ = 0;
  std::vector<Group> groups_;
  std::map<std::string, DocumentPtr, std::less<>> documents_;
};

}  // namespace slipway::objects::discovery
