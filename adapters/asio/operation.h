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

#include "protocol/drive/rotation.h"

namespace monocoque::asio::detail {

class SocketState;

// One asynchronous operation: what it does (a step, see steps.h) and whose handler it runs. Until
// it has its result it waits in a queue of its socket and can be cancelled.
class Operation {
 public:
  Operation() : node_(this) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  // Goes on: true once it has its result.
  virtual bool Try(SocketState* socket) = 0;
  // Has this result instead.
  virtual void Fail(const boost::system::error_code& why) = 0;
  // Destroys the operation, and then runs its handler with the result.
  virtual void Complete() = 0;
  // Destroys the operation and its handler.
  virtual void Destroy() = 0;
  // Ends with operation_aborted, unless it has its result.
  void Cancel();

 private:
  friend class SocketState;

  SocketState* socket_ = nullptr;
  Rotation<Operation>* queue_ = nullptr;  // null: it has its result
  RotationNode<Operation> node_;
};

// In memory of the handler's associated allocator, which is by default the one with which Asio
// recycles the memory of its own operations.
template <typename Step, typename Handler, typename Executor>
class OperationOf final : public Operation {
 public:
  static Operation* Make(Step step, Handler handler, const Executor& executor) {
    Allocator allocator(AllocatorOf(handler));
    OperationOf* made = Traits::allocate(allocator, 1);
    Traits::construct(allocator, made, std::move(step), std::move(handler), executor);
    auto slot = boost::asio::get_associated_cancellation_slot(made->handler_);
    if (slot.is_connected()) slot.template emplace<Canceller>(made);
    return made;
  }

  OperationOf(Step step, Handler handler, const Executor& executor)
      : step_(std::move(step)), handler_(std::move(handler)), executor_(executor) {
    if (!RunsHere(handler_, executor_)) {
      work_.emplace(boost::asio::get_associated_executor(handler_, executor_));
    }
  }

  bool Try(SocketState* socket) override { return step_.Try(socket); }
  void Fail(const boost::system::error_code& why) override { step_.ec = why; }

  void Complete() override {
    ClearSlot();
    Step step(std::move(step_));
    Handler handler(std::move(handler_));
    const Executor executor(std::move(executor_));
    const auto work = std::move(work_);
    Free(AllocatorOf(handler));
    step.Deliver([&](auto... results) {
      if (RunsHere(handler, executor)) {
        std::move(handler)(std::move(results)...);
      } else {
        boost::asio::dispatch(boost::asio::get_associated_executor(handler, executor),
                              boost::asio::append(std::move(handler), std::move(results)...));
      }
    });
  }

  void Destroy() override {
    ClearSlot();
    // The handler goes last: it may own the socket, and whatever else.
    Handler handler(std::move(handler_));
    Free(AllocatorOf(handler));
  }

 private:
  using HandlerExecutor = boost::asio::associated_executor_t<Handler, Executor>;
  using Allocator = typename std::allocator_traits<boost::asio::associated_allocator_t<
      Handler, boost::asio::recycling_allocator<void>>>::template rebind_alloc<OperationOf>;
  using Traits = std::allocator_traits<Allocator>;

  struct Canceller {
    explicit Canceller(Operation* which) : operation(which) {}
    void operator()(boost::asio::cancellation_type_t type) {
      if (type != boost::asio::cancellation_type_t::none) operation->Cancel();
    }
    Operation* const operation;
  };

  static auto AllocatorOf(const Handler& handler) {
    return boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>());
  }
  // Is the socket's executor where the handler wants to run?
  static bool RunsHere(const Handler& handler, const Executor& executor) {
    if constexpr (std::is_same_v<HandlerExecutor, Executor>) {
      return boost::asio::get_associated_executor(handler, executor) == executor;
    } else {
      return false;
    }
  }
  void ClearSlot() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();
  }
  void Free(Allocator allocator) {
    Traits::destroy(allocator, this);
    Traits::deallocate(allocator, this, 1);
  }

  Step step_;
  Handler handler_;
  Executor executor_;
  // The handler's executor has something coming, where it is not the socket's own.
  std::optional<boost::asio::executor_work_guard<HandlerExecutor>> work_;
};

}  // namespace monocoque::asio::detail

#endif  // MONOCOQUE_ADAPTERS_ASIO_OPERATION_H_
