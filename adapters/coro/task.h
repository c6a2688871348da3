#ifndef MONOCOQUE_ADAPTERS_CORO_TASK_H_
#define MONOCOQUE_ADAPTERS_CORO_TASK_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/coro/activation.h"

namespace monocoque::coro {

// A coroutine on an event loop: begins when it is awaited or spawned, gives its result to who
// awaits it. Destroying a task that waits cancels the wait and loses no message. One that is within
// a blocking call, or awaits one that is, goes on to where it waits next, or to its end, and is
// destroyed then: until then it needs what it refers to.
template <typename T = void>
class [[nodiscard]] Task;

namespace task_internal {

struct Final {
  bool await_ready() const noexcept { return false; }
  template <typename P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) const noexcept {
    return done.promise().End();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase : Activation {
  std::exception_ptr exception;

  auto initial_suspend() noexcept { return Begins{{}, *this}; }
  Final final_suspend() const noexcept { return {}; }
  template <typename A>
  auto await_transform(A&& awaitable) {
    return Tracked<decltype(AwaiterOf(std::forward<A>(awaitable)))>{
        *this, AwaiterOf(std::forward<A>(awaitable))};
  }
  void unhandled_exception() { exception = std::current_exception(); }
  void Rethrow() const {
    if (exception) std::rethrow_exception(exception);
  }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() {
    Rethrow();
    return *std::move(value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const {}
  void Take() const { Rethrow(); }
};

}  // namespace task_internal

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_ && !handle_.promise().DestroyLater(handle_)) handle_.destroy();
  }

  bool done() const { return !handle_ || handle_.done(); }
  // Begins or goes on; for a loop, not for users.
  void Resume() { handle_.resume(); }
  // The result of a task that is done.
  T Take() { return handle_.promise().Take(); }

  bool await_ready() const { return done(); }
  // Runs up to where it waits; one that waits for nothing costs its caller no suspension and,
  // called in a row, no stack.
  using RunsInPlace = void;
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> awaiting) {
    if (Start(awaiting)) return false;
    ContinueWith(awaiting);
    return true;
  }
  T await_resume() { return Take(); }
  // For those who await it. Begins it: true if it is done at once.
  template <typename P>
  bool Start(std::coroutine_handle<P> awaiting) {
    if constexpr (std::derived_from<P, task_internal::Activation>) {
      handle_.promise().AwaitedBy(&awaiting.promise());
    }
    Resume();
    return done();
  }
  // What goes on when it is done.
  void ContinueWith(std::coroutine_handle<> next) { handle_.promise().continuation = next; }
  // Awaitable: until it can be destroyed at once.
  auto OffStack() const { return task_internal::OffStack(&handle_.promise()); }

 private:
  Handle handle_;
};

namespace task_internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// The one that is done first.
template <typename T>
struct Either {
  Task<T>& a;
  Task<T>& b;

  using RunsInPlace = void;
  bool await_ready() const { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> awaiting) const {
    // Either may be done while the other is begun.
    if (a.Start(awaiting) || b.Start(awaiting) || a.done()) return false;
    a.ContinueWith(awaiting);
    b.ContinueWith(awaiting);
    return true;
  }
  Task<T>& await_resume() const { return a.done() ? a : b; }
};

inline absl::Status ToStatus(absl::Status status) { return status; }
template <typename T>
absl::Status ToStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace task_internal

// Runs two tasks beside each other until the first is done, and gives its result. The other is
// destroyed where it waits, before whoever awaits this goes on: one that is within a blocking call
// is waited for until it waits or ends.
template <typename T>
Task<T> FirstOf(Task<T> a, Task<T> b) {
  // Arguments would live as long as the frame, and the other might go on with one that is done.
  Task<T> one = std::move(a);
  Task<T> other = std::move(b);
  task_internal::Either<T> either{one, other};
  Task<T>& first = co_await either;
  co_await (&first == &one ? other : one).OffStack();
  co_return first.Take();
}

}  // namespace monocoque::coro

// In a coroutine that gives absl::Status: leaves it if the expression, an absl::Status or StatusOr,
// is not OK.
#define CO_RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                     \
    if (absl::Status co_status = ::monocoque::coro::task_internal::ToStatus((expression)); \
        !co_status.ok()) {                                                                 \
      co_return co_status;                                                                 \
    }                                                                                      \
  } while (false)

#endif  // MONOCOQUE_ADAPTERS_CORO_TASK_H_
