#include "pods/connect/log_growth.hpp"

#include <algorithm>

namespace slipway::pods::connect {
namespace {

constexpr Duration look_again = std::chrono::milliseconds(150);   // where nobody tells
constexpr Duration least_between = std::chrono::milliseconds(5);  // who writes line by line is read by the dozen

}  // namespace

LogGrowth::LogGrowth(core::World& world, core::Notices* notices, std::string path, std::function<void()> call)
    : world_(world), notices_(notices), path_(std::move(path)), call_(std::move(call)), patience_(look_again) {}

LogGrowth::~LogGrowth() {
  if (timer_ != 0) world_.loop.cancel(timer_);
  if (notice_ != 0) notices_->forget(notice_);
}

void LogGrowth::expect() {
  if (timer_ != 0 || notice_ != 0) return;
  if (notices_ != nullptr) notice_ = notices_->on_growth(path_, [this] { told(); }).value_or(0);
  patience_ = notice_ != 0 ? least_between : std::min(patience_ * 2, look_again);
  if (notice_ == 0) timer_ = world_.loop.after(patience_, [this] { tell(); });
}

void LogGrowth::told() {
  notices_->forget(std::exchange(notice_, 0));
  timer_ = world_.loop.after(told_at_ + least_between - world_.clock.monotonic(), [this] { tell(); });
}

void LogGrowth::tell() {
  timer_ = 0;
  told_at_ = world_.clock.monotonic();
  const auto call = call_;  // it may end this
  call();
}

}  // namespace slipway::pods::connect
