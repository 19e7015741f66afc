#pragma once
// Selection: which objects a list or watch is about: ?labelSelector and ?fieldSelector together.

#include "objects/api/call.hpp"
#include "objects/fields/selectable.hpp"

namespace slipway::objects::api {

class Selection {
 public:
  // 400 for a selector that cannot be read, or names a field that the kind does not offer.
  static Answer<Selection> of(const Call& call);

  // `stored` is in the stored version.
  bool matches(const Object& stored) const;
  bool is_everything() const { return labels_.empty() && fields_.empty() && !only_name_; }
  // Nothing but a name to look at: the object's bytes need not be read.
  bool is_by_name_alone() const { return labels_.empty() && fields_.empty(); }
  const std::string* only_name() const { return only_name_ ? &*only_name_ : nullptr; }

 private:
  LabelSelector labels_;
  fields::FieldSelector fields_;
  std::optional<std::string> only_name_;  // metadata.name=...
  std::shared_ptr<const schema::Resource> resource_;
};

}  // namespace slipway::objects::api
