#include "net/spdy.hpp"

#include <doctest/doctest.h>

#include "net/spdy/frames.hpp"

namespace slipway::net::spdy {
namespace {

// One end, and what happened to it.
struct End {
  explicit End(SessionOptions options) : session(options, events()) {}

  SessionEvents events() {
    SessionEvents made;
    made.on_stream = [this](StreamId id, const core::Headers& headers, bool is_last) {
      log += "stream " + std::to_string(id) + " " + std::string(core::header(headers, "streamtype")) +
             (is_last ? " last" : "") + "\n";
      if (replies) session.reply(id);
    };
    made.on_reply = [this](StreamId id, const core::Headers&) { log += "reply " + std::to_string(id) + "\n"; };
    made.on_headers = [this](StreamId id, const core::Headers&) { log += "headers " + std::to_string(id) + "\n"; };
    made.on_data = [this](StreamId id, std::string_view bytes) {
      data[id] += bytes;
      if (consumes) session.consumed(id, bytes.size());
    };
    made.on_end = [this](StreamId id) { log += "end " + std::to_string(id) + "\n"; };
    made.on_reset = [this](StreamId id, Status status) {
      log += "reset " + std::to_string(id) + " " + std::to_string(static_cast<int>(status)) + "\n";
    };
    made.on_writable = [this](StreamId id) {
      ++writable_calls;
      if (produce) produce(id);
    };
    made.on_goaway = [this](StreamId last) { log += "goaway " + std::to_string(last) + "\n"; };
    return made;
  }

  std::string log;
  std::map<StreamId, std::string> data;
  bool replies = true;
  bool consumes = true;
  int writable_calls = 0;
  std::function<void(StreamId)> produce;
  Session session;
};

SessionOptions of(Side side, bool has_flow_control = true) {
  SessionOptions options;
  options.side = side;
  options.has_flow_control = has_flow_control;
  return options;
}

struct Pair {
  explicit Pair(bool has_flow_control = true)
      : client(of(Side::client, has_flow_control)), server(of(Side::server, has_flow_control)) {}

  // Carries bytes until both are silent.
  void settle() {
    for (;;) {
      const std::string to_server = client.session.take_output();
      REQUIRE(server.session.receive(to_server));
      const std::string to_client = server.session.take_output();
      REQUIRE(client.session.receive(to_client));
      if (to_server.empty() && to_client.empty()) return;
    }
  }
  StreamId open(const std::string& type) {
    const StreamId id = client.session.open({{"streamType", type}, {"port", "80"}, {"requestID", "0"}}).value();
    settle();
    return id;
  }

  End client;
  End server;
};

std::string wire(const std::vector<Frame>& frames) {
  FrameEncoder encoder;
  std::string text;
  for (const Frame& frame : frames) text += encoder.encode(frame);
  return text;
}

std::vector<Frame> frames_in(const std::string& output) {
  FrameDecoder decoder;
  std::vector<Frame> frames;
  REQUIRE(decoder.feed(output, [&](Frame frame) {
    frames.push_back(std::move(frame));
    return true;
  }));
  return frames;
}

}  // namespace

TEST_CASE("a port-forward's two streams are opened, used and half-closed on both sides") {
  Pair pair;
  const StreamId error = pair.open("error");
  CHECK(error == 1);
  pair.client.session.end(error);
  const StreamId data = pair.open("data");
  CHECK(data == 3);
  CHECK(pair.server.log == "stream 1 error\nend 1\nstream 3 data\n");
  CHECK(pair.client.log == "reply 1\nreply 3\n");
  CHECK(pair.client.session.send(data, "GET /") == 5);
  pair.settle();
  CHECK(pair.server.data[data] == "GET /");
  CHECK(pair.server.session.send(data, "200 OK") == 6);
  pair.server.session.end(data);
  pair.server.session.end(error);
  pair.settle();
  CHECK(pair.client.data[data] == "200 OK");
  CHECK(pair.client.log.ends_with("end 3\nend 1\n"));
  CHECK(pair.client.session.stream_count() == 1);  // ours of 3 is still open
  CHECK(pair.client.session.send(data, "more") == 4);
  pair.client.session.end(data);
  pair.settle();
  CHECK(pair.server.data[data] == "GET /more");
  CHECK(pair.client.session.stream_count() == 0);
  CHECK(pair.server.session.stream_count() == 0);
}

TEST_CASE("with windows, no side sends more than the other took, and everything arrives") {
  Pair pair;
  pair.server.consumes = false;
  const StreamId id = pair.open("data");
  const std::string all(1'000'000, 'x');
  std::size_t sent = pair.client.session.send(id, all);
  CHECK(sent == Session::initial_window);  // held back until it is taken out
  pair.settle();
  CHECK(pair.server.data[id].size() == Session::initial_window);
  sent += pair.client.session.send(id, all.substr(sent));
  pair.settle();
  CHECK(pair.server.data[id].size() == Session::initial_window);
  CHECK(sent == 2 * Session::initial_window);
  CHECK(pair.client.session.send(id, "no room") == 0);

  pair.client.produce = [&](StreamId) { sent += pair.client.session.send(id, std::string_view(all).substr(sent)); };
  pair.server.consumes = true;
  pair.server.session.consumed(id, Session::initial_window);
  pair.settle();
  CHECK(sent == all.size());
  CHECK(pair.server.data[id] == all);
  CHECK(pair.client.writable_calls > 1);
}

TEST_CASE("a stream that nobody reads does not stop the others for longer than the session's window") {
  Pair pair;
  pair.server.consumes = false;
  const StreamId stuck = pair.open("data");
  const StreamId live = pair.open("data");
  pair.client.session.send(stuck, std::string(40'000, 's'));
  pair.client.session.send(live, std::string(10'000, 'l'));
  pair.settle();
  CHECK(pair.server.data[live].size() == 10'000);
  pair.server.session.reset(stuck, Status::cancel);
  pair.server.session.consumed(stuck, 40'000);  // it is gone, but the session has its room back
  pair.settle();
  CHECK(pair.client.log.ends_with("reset 1 5\n"));
  pair.client.session.send(live, std::string(50'000, 'l'));
  pair.settle();
  CHECK(pair.server.data[live].size() == 60'000);
}

TEST_CASE("without windows, a peer that never speaks of them gets everything, bounded by what it takes") {
  Pair pair(false);
  const StreamId id = pair.open("data");
  const std::string all(5'000'000, 'y');
  std::size_t sent = pair.client.session.send(id, all);
  std::size_t largest = 0;
  pair.client.produce = [&](StreamId) { sent += pair.client.session.send(id, std::string_view(all).substr(sent)); };
  for (std::string output = "-"; !output.empty();) {
    output = pair.client.session.take_output();
    largest = std::max(largest, output.size());
    REQUIRE(pair.server.session.receive(output));
    const std::string back = pair.server.session.take_output();
    CHECK(back.empty());  // not one WINDOW_UPDATE
    if (sent < all.size()) sent += pair.client.session.send(id, std::string_view(all).substr(sent));
  }
  CHECK(pair.server.data[id] == all);
  CHECK(largest < 400'000);
}

TEST_CASE("streams take turns, so that one with much to say does not silence the others") {
  Pair pair;
  const StreamId first = pair.open("data");
  const StreamId second = pair.open("data");
  SessionOptions narrow = of(Side::client);
  narrow.max_output = 16 * 1024;
  End client(narrow);
  for (int i = 0; i < 2; ++i) REQUIRE(client.session.open({{"a", "b"}}));
  client.session.take_output();
  CHECK(client.session.send(first, std::string(60'000, 'a')) == 60'000);
  CHECK(client.session.send(second, std::string(60'000, 'b')) == 60'000);
  std::string order;
  for (std::string output; !(output = client.session.take_output()).empty() && order.size() < 4;) {
    for (const Frame& frame : frames_in(output)) order += std::get<Data>(frame).bytes.front();
  }
  CHECK(order.contains("ab"));
  CHECK(order.contains('b'));
}

TEST_CASE("a peer's smaller or larger initial window is honoured, also for open streams") {
  End client(of(Side::client));
  const StreamId id = client.session.open({{"a", "b"}}).value();
  client.session.take_output();
  REQUIRE(client.session.receive(wire({Settings{false, {{0, setting_initial_window, 1000}}}})));
  CHECK(client.session.send(id, std::string(5000, 'x')) == 5000);
  CHECK(frames_in(client.session.take_output()) == std::vector<Frame>{Data{id, false, std::string(1000, 'x')}});
  REQUIRE(client.session.receive(wire({WindowUpdate{id, 500}})));
  CHECK(frames_in(client.session.take_output()) == std::vector<Frame>{Data{id, false, std::string(500, 'x')}});
  client.session.end(id);
  REQUIRE(client.session.receive(wire({Settings{false, {{0, setting_initial_window, 10'000}}}})));
  CHECK(frames_in(client.session.take_output()) == std::vector<Frame>{Data{id, true, std::string(3500, 'x')}});
}

TEST_CASE("pings are answered, answers to ours are not") {
  End server(of(Side::server));
  REQUIRE(server.session.receive(wire({Ping{1}, Ping{2}})));
  CHECK(frames_in(server.session.take_output()) == std::vector<Frame>{Ping{1}});
}

TEST_CASE("too many streams are refused, those that are open go on") {
  SessionOptions options = of(Side::server);
  options.max_streams = 2;
  End server(options);
  REQUIRE(server.session.receive(wire({SynStream{1}, SynStream{3}, SynStream{5}})));
  const auto answers = frames_in(server.session.take_output());
  REQUIRE(answers.size() == 3);
  CHECK(answers[2] == Frame(RstStream{5, 3}));
  CHECK(server.session.stream_count() == 2);
}

TEST_CASE("what breaks a rule of one stream resets that stream") {
  const std::string much(70'000, 'x');
  for (const auto& [name, frames, status] : std::vector<std::tuple<const char*, std::vector<Frame>, std::uint32_t>>{
           {"data after the end", {SynStream{1, 0, 0, true, false, {}}, Data{1, false, "x"}}, 9},
           {"a reply to one's own stream", {SynStream{1}, SynReply{1, false, {}}}, 1},
           {"data of a stream that never was", {Data{7, false, "x"}}, 2},
           {"a window beyond 2^31", {SynStream{1}, WindowUpdate{1, 0x7fffffff}}, 7},
           {"a window that grows by nothing", {SynStream{1}, WindowUpdate{1, 0}}, 7},
       }) {
    CAPTURE(name);
    End server(of(Side::server));
    REQUIRE(server.session.receive(wire(frames)));
    const auto answers = frames_in(server.session.take_output());
    REQUIRE_FALSE(answers.empty());
    const auto* reset = std::get_if<RstStream>(&answers.back());
    REQUIRE(reset != nullptr);
    CHECK(reset->status == status);
  }
}

TEST_CASE("what breaks the session ends it with GOAWAY and an error") {
  const std::string much(40'000, 'x');
  for (const auto& [name, frames] : std::vector<std::pair<const char*, std::vector<Frame>>>{
           {"a stream with our numbers", {SynStream{2}}},
           {"a number that went by", {SynStream{3}, SynStream{1}}},
           {"more than the session's window", {SynStream{1}, SynStream{3}, Data{1, false, much}, Data{3, false, much}}},
           {"a session window beyond 2^31", {WindowUpdate{0, 0x7fffffff}}},
       }) {
    CAPTURE(name);
    End server(of(Side::server));
    server.consumes = false;
    const auto received = server.session.receive(wire(frames));
    REQUIRE_FALSE(received);
    CHECK(received.error().code == Code::invalid_argument);
    const auto answers = frames_in(server.session.take_output());
    REQUIRE_FALSE(answers.empty());
    CHECK(std::get<GoAway>(answers.back()).status == 1);
    CHECK(server.session.stream_count() == 0);
    CHECK_FALSE(server.session.receive(""));
    CHECK_FALSE(server.session.open({}));
  }
}

TEST_CASE("a peer that asks without reading the answers is cut off") {
  End server(of(Side::server));
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += wire({Ping{1}});
  Result<> received;
  for (int i = 0; i < 20 && received; ++i) received = server.session.receive(pings);
  REQUIRE_FALSE(received);
  CHECK(received.error().code == Code::resource_exhausted);
}

TEST_CASE("after GOAWAY open streams end in peace and new ones are not begun") {
  Pair pair;
  const StreamId id = pair.open("data");
  pair.server.session.go_away();
  pair.settle();
  CHECK(pair.client.log.ends_with("goaway 1\n"));
  CHECK(pair.client.session.open({}).error().code == Code::failed_precondition);
  CHECK(pair.client.session.send(id, "still") == 5);
  pair.settle();
  CHECK(pair.server.data[id] == "still");
}

TEST_CASE("a handler may reset or end a stream inside the call that tells of it") {
  SessionEvents events;
  Session* session = nullptr;
  events.on_stream = [&](StreamId id, const core::Headers&, bool) {
    if (id == 1) session->reset(id, Status::refused_stream);
    if (id == 3) session->end(id);
  };
  events.on_data = [&](StreamId id, std::string_view) { session->reset(id, Status::cancel); };
  Session server(of(Side::server), events);
  session = &server;
  REQUIRE(server.receive(
      wire({SynStream{1}, SynStream{3}, Data{1, false, "late"}, Data{3, false, "x"}, Data{3, true, "y"}})));
  CHECK(server.stream_count() == 0);
  CHECK(frames_in(server.take_output()).size() == 4);  // RST, REPLY, FIN, RST
}

}  // namespace slipway::net::spdy
