// /api/slipway/v1/runs. Every handler runs on the control loop.

#include "net/http.hpp"
#include "workflow/engine/engine_state.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

net::Response answer(core::Result<net::Response> result) {
  return result ? std::move(*result) : net::error_response(result.error());
}

core::Result<Submission> submission_of(const net::Request& request) {
  TRY_ASSIGN(const auto text, request.read_body());
  TRY_ASSIGN(const auto body, core::doc::parse_json(text, "<request body>"));
  core::doc::Decoder decoder(body, "");
  Submission submission;
  submission.text = decoder.required_string("source");
  submission.source_name = decoder.string("file", "<request body>");
  submission.dialect = decoder.string("dialect");
  submission.display_name = decoder.string("name");
  const auto& parameters = decoder.object("parameters");
  if (parameters.is_object()) submission.parameters = parameters.as_object();
  submission.repository = decoder.string("repository");
  submission.commit = decoder.string("commit");
  submission.ref = decoder.string("ref");
  submission.event = decoder.string("event", "workflow_dispatch");
  submission.variables = decoder.string_map("variables");
  submission.environment = decoder.string_map("environment");
  TRY(decoder.finish());
  submission.idempotency_key = request.header(net::idempotency_header);
  submission.actor = request.header(net::principal_header);
  return submission;
}

// As lists show a run: without its steps.
Value summary(RunView view) {
  view.steps.clear();
  auto value = to_value(view);
  value.as_object().erase("steps");
  return value;
}

}  // namespace

void add_run_routes(net::Router& router, Engine& engine) {
  const std::string base = "/api/slipway/v1/runs";
  router.add("GET", base, [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
    const auto limit = request.parameter("limit");
    std::size_t count = 50;
    if (!limit.empty())
      count =
          std::min<std::size_t>(500, static_cast<std::size_t>(std::strtoul(std::string(limit).c_str(), nullptr, 10)));
    responder->send(answer([&]() -> core::Result<net::Response> {
      TRY_ASSIGN(auto views, engine.list(count));
      Array items;
      for (auto& view : views) items.push_back(summary(std::move(view)));
      return net::Response::json(200, Object{{"items", std::move(items)}});
    }()));
  });
  router.add("POST", base,
             [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
               responder->send(answer([&]() -> core::Result<net::Response> {
                 TRY_ASSIGN(auto submission, submission_of(request));
                 TRY_ASSIGN(const auto id, engine.submit(std::move(submission)));
                 TRY_ASSIGN(const auto view, engine.get(id));
                 return net::Response::json(201, to_value(view));
               }()));
             },
             {.max_body = 16 * 1024 * 1024});
  router.add("GET", base + "/{id}", [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
    responder->send(answer([&]() -> core::Result<net::Response> {
      TRY_ASSIGN(const auto view, engine.get(request.parameters[0]));
      return net::Response::json(200, to_value(view));
    }()));
  });
  router.add("GET", base + "/{id}/logs", [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
    responder->send(answer([&]() -> core::Result<net::Response> {
      TRY_ASSIGN(auto text, engine.log(request.parameters[0], std::string(request.parameter("step"))));
      return net::Response::text(200, std::move(text));
    }()));
  });
  router.add("POST", base + "/{id}/rerun", [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
    responder->send(answer([&]() -> core::Result<net::Response> {
      TRY_ASSIGN(const auto id, engine.rerun(request.parameters[0], std::string(request.header(net::principal_header)),
                                             std::string(request.header(net::idempotency_header))));
      TRY_ASSIGN(const auto view, engine.get(id));
      return net::Response::json(201, to_value(view));
    }()));
  });
  router.add("POST", base + "/{id}/cancel", [&engine](net::Request request, std::shared_ptr<net::Responder> responder) {
    responder->send(answer([&]() -> core::Result<net::Response> {
      TRY(engine.cancel(request.parameters[0]));
      TRY_ASSIGN(const auto view, engine.get(request.parameters[0]));
      return net::Response::json(200, to_value(view));
    }()));
  });
}

}  // namespace slipway::workflow
