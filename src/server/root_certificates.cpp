#include "server/root_certificates.hpp"

#include "objects/kinds.hpp"

namespace slipway::server {
namespace {

namespace kinds = objects::kinds;
constexpr const char* published = "kube-root-ca.crt";

}  // namespace

RootCertificates::RootCertificates(core::World& world, objects::Store& store, std::string authority)
    : world_(world), store_(store), authority_(std::move(authority)) {}

Result<> RootCertificates::start() {
  controller_ =
      std::make_unique<objects::Controller>(world_, store_, "root-ca-certificate-publisher-controller", *this);
  controller_->reconciles(kinds::namespace_).watches(kinds::config_map, [](const objects::Object& map) {
    std::vector<objects::Name> changed;
    if (map.name().name == published) changed.push_back({"", map.name().ns});
    return changed;
  });
  return controller_->start();
}

Result<objects::Outcome> RootCertificates::reconcile(const objects::Name& ns) {
  TRY_ASSIGN(const auto found, store_.find(kinds::namespace_, ns));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const objects::Name name{ns.name, published};
  TRY_ASSIGN(auto map, store_.find(kinds::config_map, name));
  if (map && map->document()["data"]["ca.crt"].string_or("") == authority_) return objects::Outcome{};
  objects::Object wanted = map ? std::move(*map) : objects::Object::make(kinds::config_map, name);
  wanted.document().at_or_insert("data") = doc::Object{{"ca.crt", authority_}};
  TRY(map ? store_.update(std::move(wanted)) : store_.create(std::move(wanted)));
  return objects::Outcome{};
}

}  // namespace slipway::server
