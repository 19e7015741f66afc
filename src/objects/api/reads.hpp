#pragma once
// Reads: get and list. Stored bytes are sent as they are wherever the client wants objects in the form in which they
// are kept.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"
#include "objects/api/selection.hpp"

namespace slipway::objects::api {

class Reads {
 public:
  explicit Reads(Context& context) : context_(context) {}
  void get(CallPtr call);  // the object, also through its status
  void list(CallPtr call);

 private:
  Answer<net::Response> listed(Call& call);
  Context& context_;
};

// Where a page ended: base64 of JSON {rv, ns, name}.
struct PageToken {
  std::int64_t version = 0;
  Name last;
  std::string render() const;
  static Answer<PageToken> parse(std::string_view token);
};

// A number in a query parameter; 400 when it is none.
Answer<std::optional<std::int64_t>> number_of(const Call& call, std::string_view parameter);
// What resourceVersion and resourceVersionMatch ask for, judged against the current version: 410, 504.
Answer<> check_version(const Call& call, std::int64_t current);

}  // namespace slipway::objects::api
