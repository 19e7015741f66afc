#pragma once
// Attachments: the socket at which the shim lets control planes read what the program says and, while it wants it, type
// for it. For the shim: one thread, poll().

#include <poll.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/world/descriptor.hpp"
#include "pods/shim/frames.hpp"

namespace slipway::pods::shim {

class Attachments {
 public:
  // What clients send. on_left: a client is gone, or said that it types no more.
  std::function<void(Frame)> on_frame;
  std::function<void()> on_left;

  // False when the socket cannot be made; the container runs without it.
  bool listen(const std::string& directory);
  // To every client. What is said before the first one came is kept for it, the last 16 KiB.
  void say(Channel channel, std::string_view bytes);

  // Somebody reads too slowly: the program's output should wait.
  bool is_full() const;
  bool has_unsent() const;
  // Appends what to poll; `takes_input`: clients are read too. serve() gets the same entries back.
  void add_to(std::vector<pollfd>& wanted, bool takes_input) const;
  void serve(const std::vector<pollfd>& polled, std::size_t first);

 private:
  struct Client {
    core::Descriptor fd;
    FrameReader reader;
    std::string unsent;
    bool is_gone = false;
  };
  void accept_all();
  void read(Client& client);
  void write(Client& client);

  core::Descriptor listener_;
  std::deque<Client> clients_;
  std::deque<std::string> unheard_;
  std::size_t unheard_size_ = 0;
  bool was_heard_ = false;
};

}  // namespace slipway::pods::shim
