#pragma once
// ForeignVersions: requests in a version of a custom resource that a webhook has to make of the one in which it is
// kept. What the client says is converted first, the request is then answered as if it had come in the stored version,
// and what is answered is converted back. Everything else about it is done by whoever serves the stored version.
//
// Thread: the control loop only.

#include <functional>

#include "objects/api/context.hpp"
#include "objects/api/draft.hpp"

namespace slipway::objects::api {

class ForeignVersions {
 public:
  // `serve` answers a call in the stored version. Both outlive this.
  ForeignVersions(Context& context, std::function<void(const CallPtr&)> serve)
      : context_(context), serve_(std::move(serve)) {}
  static bool concerns(const Context& context, const Call& call);
  void handle(const CallPtr& call);

 private:
  struct Patching;
  class Answered;
  class Relay;
  using OnAnswer = std::function<void(net::Response)>;
  CallPtr in_stored_version(const Call& call, OnAnswer on_answer) const;
  void write(const CallPtr& call, doc::Value object, bool keeps_ownership, OnAnswer on_answer);
  void begin_patch(const std::shared_ptr<Patching>& patching);
  void patch(const std::shared_ptr<Patching>& patching, std::optional<doc::Value> live);
  void answer(const CallPtr& call, net::Response response);
  // One object, or those of `list`, in the client's version and form.
  Answer<net::Response> show(const Call& call, const doc::Value& list, std::vector<doc::Value> objects) const;

  Context& context_;
  std::function<void(const CallPtr&)> serve_;
};

}  // namespace slipway::objects::api
