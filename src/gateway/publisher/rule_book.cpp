#include "gateway/publisher/rule_book.hpp"

#include "gateway/traffic/parse.hpp"
#include "objects/kinds.hpp"

namespace slipway::gateway::publisher {
namespace kinds = objects::kinds;

Result<> RuleBook::load() {
  if (path_.empty()) return {};
  TRY(files_.make_directories(path_.substr(0, path_.rfind('/'))));
  if (!files_.exists(path_)) return {};
  TRY_ASSIGN(const std::string text, files_.read(path_));
  TRY_ASSIGN(const doc::Value value, core::doc::parse_json(text, path_));
  if (!value.is_object()) return fail(Code::data_loss, path_ + " is not a file of rules");
  for (const auto& [object, document] : value.as_object()) good_.emplace(object, document);
  return {};
}

void RuleBook::keep_only(const std::set<std::string>& objects) {
  const auto gone = std::erase_if(good_, [&](const auto& kept) { return !objects.contains(kept.first); });
  changed_ = changed_ || gone > 0;
}

Result<> RuleBook::save() {
  if (path_.empty() || !changed_) return {};
  doc::Object out;
  for (const auto& [object, document] : good_) out.set(object, document);
  TRY(files_.write_atomic(path_, core::doc::render_json(std::move(out))));
  changed_ = false;
  return {};
}

Result<> RuleBook::parse(const objects::Object& object, traffic::Inputs& inputs) const {
  const std::string kind = object.kind();
  if (kind == kinds::gateway.kind) {
    TRY_ASSIGN(inputs.gateways[object.name()], traffic::parse_gateway(object));
  } else if (kind == kinds::virtual_service.kind) {
    TRY_ASSIGN(inputs.virtual_services[object.name()], traffic::parse_virtual_service(object));
  } else if (kind == kinds::destination_rule.kind) {
    TRY_ASSIGN(inputs.destination_rules[object.name()], traffic::parse_destination_rule(object));
  }
  return {};
}

void RuleBook::put(const objects::Object& object, traffic::Inputs& inputs) {
  const std::string key = object.text();
  auto parsed = parse(object, inputs);
  if (parsed) {
    problems_.erase(key);
    doc::Value& kept = good_[key];
    if (kept.is_null() || !(kept["spec"] == object.spec())) {
      kept = object.document();
      changed_ = true;
    }
    return;
  }
  problems_.insert_or_assign(key, std::move(parsed).error());
  // After a restart only the file knows the version that was in force.
  if (const auto kept = good_.find(key); kept != good_.end()) {
    if (auto again = parse(objects::Object(kept->second), inputs); !again) good_.erase(kept);
  }
}

void RuleBook::remove(const objects::Object& object, traffic::Inputs& inputs) {
  const std::string kind = object.kind();
  if (kind == kinds::gateway.kind) inputs.gateways.erase(object.name());
  if (kind == kinds::virtual_service.kind) inputs.virtual_services.erase(object.name());
  if (kind == kinds::destination_rule.kind) inputs.destination_rules.erase(object.name());
  problems_.erase(object.text());
  changed_ = good_.erase(object.text()) > 0 || changed_;
}

}  // namespace slipway::gateway::publisher
