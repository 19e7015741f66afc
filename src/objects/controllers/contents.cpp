#include "objects/controllers/contents.hpp"

namespace slipway::objects::controllers {

Result<std::int64_t> remove_all(Store& store, Backend& backend, const Kind& kind, const std::string& ns) {
  std::vector<Name> names;
  TRY(backend.list(kind, {ns, std::nullopt}, [&](const Stored& object) {
    names.push_back(object.name);
    return true;
  }));
  for (const auto& name : names) {
    auto removed = store.remove(kind, name);
    if (!removed && removed.error().code != Code::not_found && removed.error().code != Code::conflict)
      return fail(std::move(removed).error());
  }
  return backend.count(kind, {ns, std::nullopt});
}

}  // namespace slipway::objects::controllers
