#ifndef MONOCOQUE_ADAPTERS_ASIO_ERROR_H_
#define MONOCOQUE_ADAPTERS_ASIO_ERROR_H_

#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <boost/system/is_error_condition_enum.hpp>
#include <type_traits>

#include "absl/status/status.h"

namespace monocoque::asio {

// What kind of error a code of ours is: `if (ec == monocoque::asio::errc::failed_precondition)`.
// Two codes of one kind may differ in value, so compare with these, not with each other. What Asio
// has codes of its own for comes as those: operation_aborted, would_block, bad_descriptor.
enum class errc : int {
  invalid_argument = static_cast<int>(absl::StatusCode::kInvalidArgument),
  deadline_exceeded = static_cast<int>(absl::StatusCode::kDeadlineExceeded),
  not_found = static_cast<int>(absl::StatusCode::kNotFound),
  already_exists = static_cast<int>(absl::StatusCode::kAlreadyExists),
  permission_denied = static_cast<int>(absl::StatusCode::kPermissionDenied),
  resource_exhausted = static_cast<int>(absl::StatusCode::kResourceExhausted),
  failed_precondition = static_cast<int>(absl::StatusCode::kFailedPrecondition),
  out_of_range = static_cast<int>(absl::StatusCode::kOutOfRange),
  unimplemented = static_cast<int>(absl::StatusCode::kUnimplemented),
  internal = static_cast<int>(absl::StatusCode::kInternal),
  unavailable = static_cast<int>(absl::StatusCode::kUnavailable),
};

// "monocoque". A code's message() is the whole sentence, which says what to do, and so is what() of
// the system_error that `use_awaitable` and `use_future` throw. The sentences of the last 256
// errors of the process are kept; an older code says its kind.
//
// Thread rule: any thread.
const boost::system::error_category& category();

inline boost::system::error_condition make_error_condition(errc kind) {
  return {static_cast<int>(kind), category()};
}

// The status as an error code, its sentence kept. OK: no error. Cancelled, unavailable without a
// sentence and ClosedError are Asio's own operation_aborted, would_block and bad_descriptor.
boost::system::error_code ToErrorCode(const absl::Status& status);

// The socket was closed before.
inline absl::Status ClosedError() { return absl::AbortedError(""); }

// Where a function that is not async_ tells its error: `function(..., ec)` gives the code to `ec`,
// and `function(...)` throws system_error.
class ErrorOut {
 public:
  ErrorOut() = default;
  ErrorOut(boost::system::error_code& ec) : ec_(&ec) {}
  void Tell(const absl::Status& status) const;

 private:
  boost::system::error_code* ec_ = nullptr;
};

}  // namespace monocoque::asio

template <>
struct boost::system::is_error_condition_enum<monocoque::asio::errc> : std::true_type {};

#endif  // MONOCOQUE_ADAPTERS_ASIO_ERROR_H_
