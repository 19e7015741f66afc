#include "objects/api/consult.hpp"

#include <charconv>
#include <utility>

namespace slipway::objects::api {
namespace {

struct Consultation {
  Context& context;
  WriteQueue& queue;
  CallPtr call;
  std::shared_ptr<Review> review;
  Consulted done;
  Settle settle;
  bool is_mutated = false;

  void finish(Answer<> answer) {
    for (auto& warning : std::exchange(review->warnings, {})) call->warn(std::move(warning));
    done(std::move(answer));
  }
};
using ConsultationPtr = std::shared_ptr<Consultation>;

// What a webhook answered, back in the queue.
RemoteAdmission::Done continued(ConsultationPtr asked, void (*next)(const ConsultationPtr&)) {
  return [asked = std::move(asked), next](Answer<> answer) {
    asked->queue.push([asked, next, answer = std::move(answer)]() mutable {
      if (!answer) return asked->finish(std::move(answer));
      next(asked);
    });
  };
}

void finish_well(const ConsultationPtr& asked) { asked->finish({}); }

void ask_validating(const ConsultationPtr& asked) {
  auto& review = *asked->review;
  if (asked->settle) {
    if (auto settled = asked->settle(review, asked->is_mutated); !settled) return asked->finish(std::move(settled));
  }
  if (auto allowed = validate_by_plugins(asked->context, review); !allowed) return asked->finish(std::move(allowed));
  auto* remote = asked->context.remote.get();
  if (remote != nullptr && remote->validate(asked->review, continued(asked, finish_well))) return;
  finish_well(asked);
}

void ask_mutating(const ConsultationPtr& asked) {
  const auto changed = mutate_by_plugins(asked->context, *asked->review);
  if (!changed) return asked->finish(refuse(changed.error()));
  asked->is_mutated = *changed;
  auto* remote = asked->context.remote.get();
  if (remote != nullptr && remote->mutate(asked->review, continued(asked, ask_validating))) {
    asked->is_mutated = true;  // perhaps
    return;
  }
  ask_validating(asked);
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

Answer<bool> mutate_by_plugins(const Context& context, Review& review) {
  bool is_changed = false;
  for (const auto& plugin : context.plugins) {
    TRY_ANSWER(const bool changed, plugin->mutate(review));
    is_changed |= changed;
  }
  return is_changed;
}

Answer<> validate_by_plugins(const Context& context, const Review& review) {
  for (const auto& plugin : context.plugins) TRY_DONE(plugin->validate(review));
  return {};
}

void consult(Context& context, WriteQueue& queue, const CallPtr& call, std::shared_ptr<Review> review, Consulted done,
             Settle settle) {
  ask_mutating(
      std::make_shared<Consultation>(context, queue, call, std::move(review), std::move(done), std::move(settle)));
}

std::shared_ptr<Review> review_of(const Call& call, Operation operation) {
  auto review = std::make_shared<Review>();
  review->operation = operation;
  review->resource = call.stored;
  review->subresource = call.info.subresource;
  review->name = call.name();
  review->user = call.caller;
  review->dry_run = call.is_dry_run();
  return review;
}

std::shared_ptr<Review> review_of_connection(const Call& call) {
  auto review = review_of(call, Operation::connect);
  const auto* subresource = call.resource->find_subresource(call.info.subresource);
  review->object = options_of_connection(call, subresource == nullptr ? "" : subresource->kind);
  return review;
}

}  // namespace slipway::objects::api
