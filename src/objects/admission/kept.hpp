#pragma once
// Kept: all objects of a kind, parsed, until one of them changes: for what every write asks about, and few change.
//
// Thread: the control loop only.

#include <memory>
#include <optional>
#include <vector>

#include "objects/api/context.hpp"

namespace slipway::objects::admission {

class Kept {
 public:
  // The context outlives this.
  Kept(api::Context& context, std::string group, std::string kind)
      : context_(context), group_(std::move(group)), kind_(std::move(kind)) {}
  // In order of namespace and name. Valid until the loop goes on.
  const std::vector<Object>& all();
  const Object* find(const Name& name);

 private:
  api::Context& context_;
  std::string group_, kind_;
  std::optional<std::vector<Object>> objects_;
  std::unique_ptr<ChangeWatch> watch_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  bool is_watch_over_ = false;  // it fell behind and is told nothing more
};

}  // namespace slipway::objects::admission
