#ifndef MONOCOQUE_ADAPTERS_CORO_TASK_H_
#define MONOCOQUE_ADAPTERS_CORO_TASK_H_

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace monocoque::coro {

// A coroutine on an event loop: begins when it is awaited or spawned, gives its result to who
// awaits it. Destroying a task that waits cancels the wait and loses no message.
template <typename T = void>
class [[nodiscard]] Task;

namespace task_internal {

struct Final {
  bool await_ready() const noexcept { return false; }
  template <typename P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) const noexcept {
    const std::coroutine_handle<> next = done.promise().continuation;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
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
    if (handle_) handle_.destroy();
  }

  bool done() const { return !handle_ || handle_.done(); }
  // Begins or goes on; for a loop, not for users.
  void Resume() { handle_.resume(); }
  // The result of a task that is done.
  T Take() { return handle_.promise().Take(); }

  bool await_ready() const { return done(); }
  // Runs up to where it waits; one that waits for nothing costs its caller no suspension and,
  // called in a row, no stack.
  bool await_suspend(std::coroutine_handle<> awaiting) {
    Resume();
    if (done()) return false;
    ContinueWith(awaiting);
    return true;
  }
  T await_resume() { return Take(); }
  // What goes on when it is done; for those who await it.
  void ContinueWith(std::coroutine_handle<> next) { handle_.promise().continuation = next; }

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

template <typename T>
struct Either {
  Task<T>& a;
  Task<T>& b;

  bool await_ready() const {
    a.Resume();
    if (!a.done()) b.Resume();
    return a.done() || b.done();
  }
  void await_suspend(std::coroutine_handle<> awaiting) const {
    a.ContinueWith(awaiting);
    b.ContinueWith(awaiting);
  }
  T await_resume() const { return a.done() ? a.Take() : b.Take(); }
};

inline absl::Status ToStatus(absl::Status status) { return status; }
template <typename T>
absl::Status ToStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace task_internal

// Runs two tasks beside each other until the first is done, and gives its result. The other is
// destroyed where it waits, before whoever awaits this goes on.
template <typename T>
Task<T> FirstOf(Task<T> a, Task<T> b) {
  // Arguments would live as long as the frame, and the other might go on with one that is done.
  Task<T> one = std::move(a);
  Task<T> other = std::move(b);
  task_internal::Either<T> either{one, other};
  co_return co_await either;
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
