#include "objects/api/selection.hpp"

namespace slipway::objects::api {

Answer<Selection> Selection::of(const Call& call) {
  Selection selection;
  selection.resource_ = call.stored;
  auto labels = LabelSelector::parse(call.request.parameter("labelSelector"));
  if (!labels) return refuse(bad_request("unable to parse requirement: " + labels.error().one_line()));
  selection.labels_ = std::move(*labels);
  auto fields = fields::selector_for(*call.resource, call.request.parameter("fieldSelector"));
  if (!fields) return refuse(bad_request(fields.error().message));
  selection.only_name_ = fields->required_name();
  if (!call.info.name.empty()) selection.only_name_ = call.info.name;  // a watch of one object by its URL
  const bool name_is_all = fields->requirements().size() == 1 && fields->required_name().has_value();
  if (!name_is_all) selection.fields_ = std::move(*fields);
  return selection;
}

bool Selection::matches(const Object& stored) const {
  if (only_name_ && stored.name().name != *only_name_) return false;
  if (!labels_.empty() && !labels_.matches(stored.labels())) return false;
  if (fields_.empty()) return true;
  const auto values = fields::selectable_fields(*resource_, stored);
  return values && fields_.matches(*values);
}

}  // namespace slipway::objects::api
