#pragma once
// For tests: a Wire whose answers the test writes down, in the simulated world. Blocking takes virtual time and turns
// nothing else, as in the real world.

#include <doctest/doctest.h>

#include <deque>

#include "core/world/simulated.hpp"
#include "objects/kubernetes/wire.hpp"

namespace slipway::objects::kubernetes::test {

inline core::HttpResponse answer(int status, std::string body, core::Headers headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

class ScriptedWire final : public Wire {
 public:
  explicit ScriptedWire(core::Loop& loop) : loop_(loop) {}

  // What the next calls are answered with, in order.
  ScriptedWire& then(core::HttpResponse response) { return then_attempt({std::move(response), true}); }
  ScriptedWire& then_fail(Code code, bool may_have_arrived) {
    return then_attempt({fail(code, "broken"), may_have_arrived});
  }
  ScriptedWire& then_attempt(Attempt attempt) {
    answers_.push_back(std::move(attempt));
    return *this;
  }

  void forget_answers() { answers_.clear(); }

  Attempt call(core::HttpRequest request) override {
    requests.push_back(std::move(request));
    REQUIRE_MESSAGE(!answers_.empty(), "nothing was expected: " << requests.back().url);
    auto next = std::move(answers_.front());
    answers_.pop_front();
    return next;
  }
  Result<Peek> peek(core::HttpRequest request, Duration) override {
    requests.push_back(std::move(request));
    return next_peek;
  }
  Result<core::RunOutput> run(core::RunRequest request) override {
    runs.push_back(std::move(request));
    return next_output;
  }
  void pause(Duration duration) override {
    pauses.push_back(duration);
    if (on_pause) on_pause(duration);
  }

  // A stream that the test speaks through.
  struct Stream {
    core::HttpRequest request;
    net::StreamOptions options;
    net::StreamEvents events;
    bool is_open = true;
  };
  std::unique_ptr<net::StreamHandle> open(core::HttpRequest request, net::StreamOptions options,
                                          net::StreamEvents events) override {
    auto stream = std::make_shared<Stream>(Stream{std::move(request), options, std::move(events)});
    streams.push_back(stream);
    struct Handle final : net::StreamHandle {
      explicit Handle(std::shared_ptr<Stream> s) : stream(std::move(s)) {}
      ~Handle() override { stream->is_open = false; }
      void set_reading(bool) override {}
      std::shared_ptr<Stream> stream;
    };
    return std::make_unique<Handle>(std::move(stream));
  }
  bool has_open_stream() const { return !streams.empty() && streams.back()->is_open; }

  // Over the newest stream, as tasks of the loop.
  void say(std::string bytes, int status = 200, core::Headers headers = {}) {
    auto stream = streams.back();
    loop_.post([stream, status, text = std::move(bytes), head = std::move(headers)] {
      if (stream->is_open && stream->events.on_head) std::exchange(stream->events.on_head, nullptr)(status, head);
      const auto events = stream->events;
      if (stream->is_open && !text.empty()) events.on_body(text);
    });
  }
  void end(Result<> result = {}) {
    auto stream = streams.back();
    loop_.post([stream, what = std::move(result)] {
      const auto events = stream->events;
      if (std::exchange(stream->is_open, false)) events.on_end(what);
    });
  }

  std::vector<core::HttpRequest> requests;
  std::vector<core::RunRequest> runs;
  std::vector<Duration> pauses;
  std::function<void(Duration)> on_pause;  // takes no time unless this does
  std::vector<std::shared_ptr<Stream>> streams;
  Result<core::RunOutput> next_output = core::RunOutput{};
  Result<Peek> next_peek = Peek{200, ""};

 private:
  core::Loop& loop_;
  std::deque<Attempt> answers_;
};

}  // namespace slipway::objects::kubernetes::test
