#include "adapters/asio/error.h"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

namespace monocoque::asio {
namespace {

// An error's value: its status code, and above it a number that finds its sentence.
constexpr int kCodeBits = 5;
constexpr int kMaxSerial = (1 << 26) - 1;

// Boost's base has no virtual destructor; nobody destroys one of these.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "monocoque"; }

  boost::system::error_condition default_error_condition(int value) const noexcept override {
    return {value & ((1 << kCodeBits) - 1), *this};
  }

  std::string message(int value) const override {
    {
      const std::scoped_lock lock(mutex_);
      const auto& [serial, sentence] = kept_[Slot(value >> kCodeBits)];
      if (serial == value >> kCodeBits && serial != 0) return sentence;
    }
    const auto code = static_cast<absl::StatusCode>(value & ((1 << kCodeBits) - 1));
    // A send says that without a sentence, since it is a common answer.
    if (code == absl::StatusCode::kNotFound && value >> kCodeBits == 0)
      return "there is no such peer";
    return absl::StatusCodeToString(code);
  }

  // The value of a new error.
  int Keep(const absl::Status& status) {
    const int code = static_cast<int>(status.code());
    if (status.message().empty()) return code;
    const std::scoped_lock lock(mutex_);
    serial_ = serial_ == kMaxSerial ? 1 : serial_ + 1;
    kept_[Slot(serial_)] = {serial_, std::string(status.message())};
    return serial_ << kCodeBits | code;
  }

 private:
  static std::size_t Slot(int serial) { return static_cast<std::size_t>(serial) % 256; }

  mutable std::mutex mutex_;
  int serial_ = 0;
  std::array<std::pair<int, std::string>, 256> kept_;
};
#pragma GCC diagnostic pop

// Never destroyed: codes may outlive everything.
Category& Instance() {
  static Category* const instance = new Category;
  return *instance;
}

}  // namespace

const boost::system::error_category& category() { return Instance(); }

boost::system::error_code ToErrorCode(const absl::Status& status) {
  if (status.ok()) return {};
  if (absl::IsCancelled(status)) return boost::asio::error::operation_aborted;
  if (absl::IsUnavailable(status) && status.message().empty()) {
    return boost::asio::error::would_block;
  }
  if (status == ClosedError()) return boost::asio::error::bad_descriptor;
  return {Instance().Keep(status), category()};
}

void ErrorOut::Tell(const absl::Status& status) const {
  const boost::system::error_code ec = ToErrorCode(status);
  if (ec_ == nullptr && ec) throw boost::system::system_error(ec);
  if (ec_ != nullptr) *ec_ = ec;
}

}  // namespace monocoque::asio
