// Pods/attach: what a container's program says from now on, and typing for it when it was started with input. A
// container without input or terminal is followed in its log.

#include "pods/connect/channels.hpp"
#include "pods/connect/log_growth.hpp"
#include "pods/connect/socket_session.hpp"
#include "pods/logs.hpp"
#include "pods/shim/frames.hpp"

namespace slipway::pods::connect {
namespace {

class Attach : public SocketSession {
 public:
  Attach(ContextPtr context, Target target, StreamChoice choice)
      : SocketSession(std::move(context)), target_(std::move(target)), choice_(choice) {}

  void start(std::shared_ptr<net::WebSocket> socket) {
    socket_ = std::move(socket);
    begin();
  }

 protected:
  virtual void begin() = 0;
  void on_message(const std::string&) override {}

  // False: the client reads too slowly, or is gone.
  bool say(bool is_wanted, Channel channel, std::string_view bytes) {
    if (!is_wanted || bytes.empty()) return true;
    return send(*socket_, channel, bytes) && !socket_->is_full();
  }
  void finish() {
    if (is_over_) return;
    send(*socket_, Channel::error, success_status());
    close();
  }

  Target target_;
  StreamChoice choice_;
};

class FollowedLog final : public Attach {
 public:
  FollowedLog(const ContextPtr& context, const Target& target, StreamChoice choice)
      : Attach(context, target, choice),
        tail_(context->node->runtime.log_path(target.id)),
        growth_(context->world, context->options.notices, context->node->runtime.log_path(target.id),
                [this] { look(); }) {
    while (!tail_.read_more().empty()) {  // what was said before
    }
  }

 private:
  void begin() override { look(); }
  void container_ended() override { look(); }
  void on_room() override {
    if (std::exchange(is_paused_, false)) look();
  }
  void look() {
    if (is_over_ || is_paused_ || !socket_) return;
    growth_.expect();
    const bool over = !context_->node->runtime.inspect(target_.id).is_up();  // asked first: its last lines are there
    while (true) {
      const std::string lines = tail_.read_more();
      if (lines.empty()) return over ? finish() : void();
      bool has_room = say(choice_.out, Channel::out, stream_text(lines, "stdout"));
      has_room = say(choice_.err, Channel::err, stream_text(lines, "stderr")) && has_room;
      if (!has_room) {
        is_paused_ = true;
        return;
      }
    }
  }

  LogTail tail_;
  LogGrowth growth_;
  bool is_paused_ = false;
};

class Attached final : public Attach {
 public:
  using Attach::Attach;

 private:
  void begin() override {
    core::ByteEvents events;
    const auto call = weak_call<Attached>();
    events.on_bytes = [call](std::string_view bytes) { call([&](Attached& self) { self.on_bytes(bytes); }); };
    events.on_end = [call](const Result<>&) { call([](Attached& self) { self.finish_heard(); }); };
    events.on_writable = [call] { call([](Attached& self) { self.socket_->set_reading(true); }); };
    auto connected = core::connect_local(context_->world.loop, context_->node->runtime.attach_directory(target_.id),
                                         shim::attach_socket, std::move(events));
    if (connected) {
      program_ = std::move(*connected);
    } else {
      finish_heard();  // it ended meanwhile
    }
  }

  // A program that was started for one conversation may have ended before that began: what it said is in its log.
  void finish_heard() {
    if (!has_heard_ && target_.container["stdinOnce"].bool_or(false))
      unheard_.emplace(context_->node->runtime.log_path(target_.id));
    tell_unheard();
  }

  // As fast as the client reads.
  void tell_unheard() {
    if (is_over_) return;
    while (unheard_) {
      const auto lines = unheard_->read_more();
      if (lines.empty()) break;
      bool has_room = say(choice_.out, Channel::out, stream_text(lines, "stdout"));
      has_room = say(choice_.err, Channel::err, stream_text(lines, "stderr")) && has_room;
      if (!has_room) return;
    }
    finish();
  }

  void on_bytes(std::string_view bytes) {
    reader_.feed(bytes);
    has_heard_ = true;
    bool has_room = true;
    while (const auto frame = reader_.next()) {
      if (frame->channel == shim::Channel::out) has_room &= say(choice_.out, Channel::out, frame->bytes);
      if (frame->channel == shim::Channel::err) has_room &= say(choice_.err, Channel::err, frame->bytes);
    }
    if (!has_room) program_->set_reading(false);
  }
  void on_room() override {
    if (program_) program_->set_reading(true);
    if (unheard_) tell_unheard();
  }

  void on_message(const std::string& text) override {
    const auto message = parse_message(text);
    if (!message || !program_) return;
    if (message->channel == Channel::resize) {
      if (const auto size = parse_size(message->bytes)) program_->write(shim::render_resize(size->rows, size->columns));
    } else if (!choice_.input) {
      return;
    } else if (message->channel == Channel::close) {
      if (message->bytes.starts_with('\0')) program_->write(shim::render_frame(shim::Channel::end_of_input, ""));
    } else {
      std::string_view rest = message->bytes;
      while (!rest.empty()) {
        const auto part = rest.substr(0, 32 * 1024);
        program_->write(shim::render_frame(shim::Channel::input, part));
        rest.remove_prefix(part.size());
      }
      if (program_->is_full()) socket_->set_reading(false);
    }
  }

  std::unique_ptr<core::ByteStream> program_;
  bool has_heard_ = false;
  std::optional<LogTail> unheard_;  // of a program that ended first; while it is told
  shim::FrameReader reader_;
};

struct Prepared {
  Target target;
  StreamChoice choice;
};

api::Answer<Prepared> prepare(const Context& context, const api::Call& call) {
  TRY_ANSWER(const auto pod, find_pod(context, call));
  TRY_ANSWER(auto target, find_container(context, pod, std::string(call.request.parameter("container"))));
  TRY_ANSWER(const auto choice, stream_choice(call.request));
  TRY_DONE(check_running(context, target));
  if (choice.terminal && !target.container["tty"].bool_or(false)) {
    return api::refuse(
        api::bad_request("container \"" + target.name() + "\" has no terminal: tty is false in its spec"));
  }
  return Prepared{std::move(target), choice};
}

}  // namespace

void serve_attach(const ContextPtr& context, const api::CallPtr& call) {
  auto prepared = prepare(*context, *call);
  if (!prepared) return call->send(prepared.error());
  if (!net::wants_websocket(call->request)) return call->send(needs_websocket("attach"));
  const auto& [target, choice] = *prepared;
  const bool attachable = target.container["stdin"].bool_or(false) || target.container["tty"].bool_or(false);
  std::shared_ptr<Attach> session;
  if (attachable) {
    session = std::make_shared<Attached>(context, target, choice);
  } else {
    session = std::make_shared<FollowedLog>(context, target, choice);
  }
  auto socket =
      net::accept_websocket(call->request, *call->responder, remote_command_options(), session->socket_events());
  if (!socket) return;
  if (attachable && choice.input) record(*context, *call, "attached", target.pod, "to container " + target.name());
  context->sessions.add(session, attachable ? ContainerId{} : target.id);
  session->start(std::move(socket));
}

}  // namespace slipway::pods::connect
