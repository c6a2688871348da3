#ifndef MONOCOQUE_ADAPTERS_ASIO_OPERATION_H_
#define MONOCOQUE_ADAPTERS_ASIO_OPERATION_H_

#include <boost/asio/append.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "adapters/asio/error.h"
#include "adapters/asio/socket_state.h"
#include "adapters/net/waiting.h"

namespace monocoque::asio::detail {

// One asynchronous operation: a step (adapters/net/steps.h), and the handler that gets its result.
// In memory of the handler's associated allocator, which is by default the one with which Asio
// recycles the memory of its own operations.
template <typename Step, typename Handler, typename Executor>
class OperationOf final : public Operation {
 public:
  static OperationOf* Make(SocketState* socket, Step&& step, Handler&& handler,
                           const Executor& executor) {
    Allocator allocator(AllocatorOf(handler));
    OperationOf* made = Traits::allocate(allocator, 1);
    Traits::construct(allocator, made, socket, std::move(step), std::move(handler), executor);
    return made;
  }

  OperationOf(SocketState* socket, Step&& step, Handler&& handler, const Executor& executor)
      : step_(std::move(step)), handler_(std::move(handler)), executor_(executor) {
    if (!RunsHere(handler_, executor_)) {
      work_.emplace(boost::asio::get_associated_executor(handler_, executor_));
    }
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    slot.assign([this, socket](boost::asio::cancellation_type_t type) {
      // In total: only as long as nothing has happened.
      if (step_.begun()) type &= ~boost::asio::cancellation_type_t::total;
      if (type != boost::asio::cancellation_type_t::none) socket->Cancel(this);
    });
  }

  bool Try(const net::WaitQueues& among) override { return step_.Try(among); }
  void Finish(absl::Status result) override { step_.status = std::move(result); }

  void Complete() override {
    const boost::system::error_code ec = ToErrorCode(step_.status);
    if constexpr (requires { step_.value; }) {
      RunHandler(ec, std::move(step_.value));
    } else {
      RunHandler(ec);
    }
  }

  void Destroy() override { Release(); }

 private:
  using HandlerExecutor = boost::asio::associated_executor_t<Handler, Executor>;
  using Allocator = typename std::allocator_traits<boost::asio::associated_allocator_t<
      Handler, boost::asio::recycling_allocator<void>>>::template rebind_alloc<OperationOf>;
  using Traits = std::allocator_traits<Allocator>;

  static auto AllocatorOf(const Handler& handler) {
    return boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>());
  }
  // Is the socket's executor where the handler wants to run?
  static bool RunsHere(const Handler& handler, const Executor& executor) {
    if constexpr (std::is_same_v<HandlerExecutor, Executor>) {
      return boost::asio::get_associated_executor(handler, executor) == executor;
    }
    return false;
  }
  // With nothing left of the operation.
  template <typename... Results>
  void RunHandler(Results... results) {
    const Executor executor(std::move(executor_));
    const auto work = std::move(work_);
    Handler handler = Release();
    if (RunsHere(handler, executor)) {
      std::move(handler)(std::move(results)...);
    } else {
      const auto where = boost::asio::get_associated_executor(handler, executor);
      boost::asio::dispatch(where, boost::asio::append(std::move(handler), std::move(results)...));
    }
  }
  // Destroys the operation. The handler outlives it: it may own the socket, and whatever else.
  Handler Release() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();
    Handler handler(std::move(handler_));
    Allocator allocator(AllocatorOf(handler));
    Traits::destroy(allocator, this);
    Traits::deallocate(allocator, this, 1);
    return handler;
  }

  Step step_;
  Handler handler_;
  Executor executor_;
  // The handler's executor has something coming, where it is not the socket's own.
  std::optional<boost::asio::executor_work_guard<HandlerExecutor>> work_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_OPERATION_H_
