// Pods/exec: a command beside a container's program, over a WebSocket.

#include "pods/connect/channels.hpp"
#include "pods/connect/socket_session.hpp"
#include "pods/environment.hpp"

namespace slipway::pods::connect {
namespace {

// For output that is still on its way when the command has ended; what it left running may hold its pipes for ever.
constexpr Duration output_grace = std::chrono::milliseconds(500);
constexpr int status_not_found = 127;  // as a shell says it
constexpr int status_not_executable = 126;

class Exec final : public SocketSession {
 public:
  Exec(ContextPtr context, StreamChoice choice) : SocketSession(std::move(context)), choice_(choice) {}
  ~Exec() override {
    if (grace_ != 0) context_->world.loop.cancel(grace_);
  }

  void start(std::shared_ptr<net::WebSocket> socket, core::ConverseRequest request) {
    socket_ = std::move(socket);
    auto started = core::converse(context_->world.loop, std::move(request), program_events());
    if (started) {
      program_ = std::move(*started);
      return;
    }
    const Channel channel = choice_.err && !choice_.terminal ? Channel::err : Channel::out;
    send(*socket_, channel, started.error().one_line() + "\n");
    finish(started.error().code == Code::not_found ? status_not_found : status_not_executable);
  }

  void container_ended() override {
    if (is_over_) return;
    program_.reset();
    finish(128 + SIGKILL);
  }

 private:
  core::ConverseEvents program_events() {
    const auto call = weak_call<Exec>();
    core::ConverseEvents events;
    events.out.on_bytes = [call](std::string_view bytes) {
      call([&](Exec& self) { self.say(self.choice_.out, Channel::out, bytes); });
    };
    events.err.on_bytes = [call](std::string_view bytes) {
      call([&](Exec& self) { self.say(self.choice_.err, Channel::err, bytes); });
    };
    events.out.on_end = [call](const Result<>&) { call([](Exec& self) { self.on_end(self.out_ended_); }); };
    events.err.on_end = [call](const Result<>&) { call([](Exec& self) { self.on_end(self.err_ended_); }); };
    events.on_input_writable = [call] { call([](Exec& self) { self.socket_->set_reading(true); }); };
    events.on_exit = [call](core::Exit exit) { call([&](Exec& self) { self.on_exit(exit); }); };
    if (choice_.terminal) err_ended_ = true;
    return events;
  }

  void on_room() override { set_output(true); }
  void on_message(const std::string& text) override {
    const auto message = parse_message(text);
    if (!message || !program_) return;
    if (message->channel == Channel::resize) {
      if (const auto size = parse_size(message->bytes)) program_->resize(*size);
    } else if (!choice_.input) {
      return;
    } else if (message->channel == Channel::close) {
      if (message->bytes.starts_with('\0')) program_->end_input();
    } else {
      program_->write_input(message->bytes);
      if (program_->is_input_full()) socket_->set_reading(false);
    }
  }

  void say(bool is_wanted, Channel channel, std::string_view bytes) {
    has_news_ = true;
    if (!is_wanted) return;
    if (!send(*socket_, channel, bytes) || socket_->is_full()) set_output(false);
  }

  void set_output(bool wanted) {
    is_paused_ = !wanted;
    if (program_) program_->set_reading(wanted, wanted);
  }

  void on_exit(core::Exit exit) {
    exit_ = exit;
    await_output();
    finish_if_complete();
  }
  void await_output() {
    has_news_ = false;
    grace_ = context_->world.loop.after(output_grace,
                                        [call = weak_call<Exec>()] { call([](Exec& self) { self.on_grace_over(); }); });
  }
  void on_grace_over() {
    grace_ = 0;
    if (is_paused_ || has_news_) return await_output();  // the client has not read it all yet
    finish(exit_->code);
  }
  void on_end(bool& has_ended) {
    has_ended = true;
    finish_if_complete();
  }
  void finish_if_complete() {
    if (exit_ && out_ended_ && err_ended_) finish(exit_->code);
  }

  void finish(int code) {
    if (is_over_) return;
    send(*socket_, Channel::error, exit_status(code));
    close();
  }

  StreamChoice choice_;
  std::unique_ptr<core::Conversation> program_;
  std::optional<core::Exit> exit_;
  core::TimerId grace_ = 0;
  bool out_ended_ = false, err_ended_ = false;
  bool is_paused_ = false;  // the client reads too slowly
  bool has_news_ = false;   // since the timer was set
};

api::Answer<core::ConverseRequest> command_of(const Context& context, const Target& target, const net::Request& request,
                                              const StreamChoice& choice) {
  core::ConverseRequest command;
  for (const auto& [name, value] : request.query) {
    if (name == "command") command.argv.push_back(value);
  }
  if (command.argv.empty() || command.argv.front().empty())
    return api::refuse(api::bad_request("you must specify at least one command for the container"));
  const bool own_view = context.node->runtime.inspect(target.id).own_view;
  auto start = context.node->pods->start_of(target.pod, target.container, own_view, Absent::left_out);
  if (!start) return api::refuse(api::from_error(start.error()));
  command.environment = std::move(start->environment);
  Command placed = context.node->runtime.beside(target.id, {std::move(command.argv), std::move(start->directory)});
  command.argv = std::move(placed.argv);
  command.directory = std::move(placed.directory);
  command.has_input = choice.input;
  command.terminal = choice.terminal;
  if (choice.terminal && !start->terminal) command.environment.emplace_back("TERM", "xterm");
  return command;
}

api::Answer<std::pair<Target, core::ConverseRequest>> prepare(const Context& context, const api::Call& call,
                                                              StreamChoice& choice) {
  TRY_ANSWER(const auto pod, find_pod(context, call));
  TRY_ANSWER(auto target, find_container(context, pod, std::string(call.request.parameter("container"))));
  TRY_ANSWER(choice, stream_choice(call.request));
  TRY_DONE(check_running(context, target));
  TRY_ANSWER(auto command, command_of(context, target, call.request, choice));
  return std::pair{std::move(target), std::move(command)};
}

}  // namespace

void serve_exec(const ContextPtr& context, const api::CallPtr& call) {
  StreamChoice choice;
  auto prepared = prepare(*context, *call, choice);
  if (!prepared) return call->send(prepared.error());
  if (!net::wants_websocket(call->request)) return call->send(needs_websocket("exec"));
  auto& [target, command] = *prepared;
  const auto session = std::make_shared<Exec>(context, choice);
  auto socket =
      net::accept_websocket(call->request, *call->responder, remote_command_options(), session->socket_events());
  if (!socket) return;
  // Not its arguments: they may hold secrets.
  record(*context, *call, "ran-command", target.pod, command.argv.front() + " in container " + target.name());
  context->sessions.add(session, target.id);
  session->start(std::move(socket), std::move(command));
}

}  // namespace slipway::pods::connect
