#include "objects/verbs/rules.hpp"

namespace slipway::objects::verbs {

validation::Problems problems_of(const schema::Resource&, const doc::Value&, const doc::Value&, std::string_view) {
  return {};
}

}  // namespace slipway::objects::verbs
