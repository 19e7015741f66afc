#pragma once
// The form in which a client wants objects: as they are, as a Table, or their metadata alone.

#include <span>

#include "objects/api/call.hpp"
#include "objects/discovery/negotiate.hpp"
#include "objects/table/table.hpp"

namespace slipway::objects::api {

class Output {
 public:
  // 406 when nothing that the Accept header names can be given.
  static Answer<Output> of(const Call& call, core::Time now);
  static Answer<Output> of_watch(const Call& call, core::Time now);

  // True when a stored object's bytes can be sent as they are.
  bool is_verbatim() const { return form_->is_plain() && !form_->is_yaml() && !pretty_; }
  bool is_table() const { return form_->as == "Table"; }

  // One object; `value` as its client speaks of it.
  net::Response object(const Call& call, const doc::Value& value) const;
  net::Response verbatim(std::string body) const;

  // A list, item by item: bytes when is_verbatim(), documents otherwise.
  class List {
   public:
    List(const Output& output, const schema::Resource& resource);
    void add(std::string body);
    void add(Object object);
    std::size_t size() const { return size_; }
    net::Response finish(const Call& call, std::int64_t version, const std::string& continue_token,
                         std::optional<std::int64_t> remaining);

   private:
    doc::Value shown(Object object) const;
    const Output& output_;
    // How stored items of a built-in kind begin, which a list says once for all of them; empty: items say it, too.
    std::vector<std::string> beginnings_;
    std::string items_;
    std::vector<Object> objects_;
    std::size_t size_ = 0;
  };
  List list(const schema::Resource& resource) const { return {*this, resource}; }

  // The `object` of a watch event; of the stream's first one when `is_first`.
  std::string event_object(const Call& call, const doc::Value& value, bool is_first) const;

 private:
  static Answer<Output> of_forms(const Call& call, core::Time now, std::span<const discovery::Form> forms);
  doc::Value in_form(const Call& call, const doc::Value& value, bool headers) const;
  net::Response respond(const doc::Value& value) const;
  const discovery::Form* form_ = nullptr;
  bool pretty_ = false;
  table::IncludeObject include_ = table::IncludeObject::metadata;
  core::Time now_{};
};

}  // namespace slipway::objects::api
