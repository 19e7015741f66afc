#include "objects/api/consult.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::objects::api {
namespace {

struct Consultation {
  Context& context;
  WriteQueue& queue;
  CallPtr call;
  std::shared_ptr<Review> review;
  Consulted done;

  void finish(Answer<> answer) {
    // Who is asked again, because the object changed meanwhile, says the same again.
    for (const auto& warning : review->warnings) {
      if (std::ranges::find(call->warnings, warning) == call->warnings.end()) call->warnings.push_back(warning);
    }
    done(std::move(answer));
  }
};
using ConsultationPtr = std::shared_ptr<Consultation>;

// What a webhook answered, back in the queue.
RemoteAdmission::Done continued(ConsultationPtr asked, void (*next)(ConsultationPtr)) {
  return [asked = std::move(asked), next](Answer<> answer) {
    asked->queue.push([asked, next, answer = std::move(answer)]() mutable {
      if (!answer) return asked->finish(std::move(answer));
      next(asked);
    });
  };
}

void finish_well(ConsultationPtr asked) { asked->finish({}); }

void ask_validating(ConsultationPtr asked) {
  for (const auto& plugin : asked->context.plugins) {
    if (auto allowed = plugin->validate(*asked->review); !allowed) return asked->finish(std::move(allowed));
  }
  auto* remote = asked->context.remote.get();
  if (remote == nullptr || !remote->wants_to_validate(*asked->review)) return asked->finish({});
  remote->validate(asked->review, continued(asked, finish_well));
}

void ask_mutating(ConsultationPtr asked) {
  for (const auto& plugin : asked->context.plugins) {
    if (auto changed = plugin->mutate(*asked->review); !changed) return asked->finish(refuse(changed.error()));
  }
  auto* remote = asked->context.remote.get();
  if (remote == nullptr || !remote->wants_to_mutate(*asked->review)) return ask_validating(std::move(asked));
  remote->mutate(asked->review, continued(asked, ask_validating));
}

// PodExecOptions and its like say what the query says.
doc::Object options_of_connection(const Call& call, std::string kind) {
  doc::Object options{{"kind", std::move(kind)}, {"apiVersion", "v1"}};
  if (call.info.subresource == "proxy") {
    if (!call.info.rest.empty()) options.append("path", "/" + call.info.rest);
    return options;
  }
  for (const auto* flag : {"stdin", "stdout", "stderr", "tty"}) {
    if (is_true(call.request, flag)) options.append(flag, true);
  }
  if (const auto container = call.request.parameter("container"); !container.empty())
    options.append("container", container);
  doc::Array command;
  doc::Array ports;
  for (const auto& [name, value] : call.request.query) {
    std::int64_t port = 0;
    if (name == "command") command.emplace_back(value);
    if (name == "ports" && std::from_chars(value.data(), value.data() + value.size(), port).ec == std::errc{})
      ports.emplace_back(port);
  }
  if (!command.empty()) options.append("command", std::move(command));
  if (!ports.empty()) options.append("ports", std::move(ports));
  return options;
}

}  // namespace

void consult(Context& context, WriteQueue& queue, const CallPtr& call, std::shared_ptr<Review> review, Consulted done) {
  ask_mutating(std::make_shared<Consultation>(context, queue, call, std::move(review), std::move(done)));
}

std::shared_ptr<Review> review_of_connection(const Call& call) {
  auto review = std::make_shared<Review>();
  review->operation = Operation::connect;
  review->resource = call.stored;
  review->subresource = call.info.subresource;
  review->name = call.name();
  review->user = call.caller;
  const auto* subresource = call.resource->find_subresource(call.info.subresource);
  review->object = options_of_connection(call, subresource == nullptr ? "" : subresource->kind);
  return review;
}

}  // namespace slipway::objects::api
