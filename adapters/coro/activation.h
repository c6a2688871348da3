#ifndef MONOCOQUE_ADAPTERS_CORO_ACTIVATION_H_
#define MONOCOQUE_ADAPTERS_CORO_ACTIVATION_H_

#include <coroutine>
#include <type_traits>
#include <utility>

namespace monocoque::coro::task_internal {

// What a task's coroutine knows of itself: who goes on when it is done, and whether it may be
// destroyed. It may not while it is on the stack, it or one that it awaits: within a blocking call
// the loop goes on with others, and those may be done with it.
//
// Thread-compatible. Invariant: on_stack_ is how many run of it and all those that it awaits.
class Activation {
 public:
  std::coroutine_handle<> continuation;

  // Set before it begins.
  void AwaitedBy(Activation* who) { awaited_by_ = who; }
  bool on_stack() const { return on_stack_ > 0; }

  // It goes on.
  void Enter() noexcept {
    if (std::exchange(runs_, true)) return;
    for (Activation* it = this; it != nullptr; it = it->awaited_by_) ++it->on_stack_;
  }
  // It waits from now on. True: it may be destroyed by now, and is not to be touched.
  bool Leave() {
    Activation* const left = NoMore();
    if (left == nullptr) return false;
    const std::coroutine_handle<> then = left->then_;
    left->destroyed_ ? then.destroy() : then.resume();
    return true;
  }
  // It is done: what goes on.
  std::coroutine_handle<> End() noexcept {
    const std::coroutine_handle<> next = continuation ? continuation : std::noop_coroutine();
    const bool its_own = NoMore() == this;
    if (its_own && destroyed_) then_.destroy();
    return next;
  }

  // Once it is off the stack, one of these.
  void ThenResume(std::coroutine_handle<> waiting) { then_ = waiting; }
  // False: it is not on the stack.
  bool DestroyLater(std::coroutine_handle<> self) {
    if (!on_stack()) return false;
    then_ = self;
    destroyed_ = true;
    continuation = nullptr;
    return true;
  }

 private:
  // The outermost one that is off the stack now and that something follows for.
  Activation* NoMore() noexcept {
    runs_ = false;
    Activation* left = nullptr;
    for (Activation* it = this; it != nullptr; it = it->awaited_by_) {
      if (--it->on_stack_ == 0 && it->then_) left = it;
    }
    return left;
  }

  Activation* awaited_by_ = nullptr;
  std::coroutine_handle<> then_;
  int on_stack_ = 0;
  bool runs_ = false;
  bool destroyed_ = false;  // by its owner
};

struct Begins : std::suspend_always {
  Activation& activation;
  void await_resume() const noexcept { activation.Enter(); }
};

// Awaitable: until a coroutine is off the stack.
class OffStack {
 public:
  explicit OffStack(Activation* activation) : activation_(*activation) {}
  bool await_ready() const { return !activation_.on_stack(); }
  void await_suspend(std::coroutine_handle<> awaiting) const { activation_.ThenResume(awaiting); }
  void await_resume() const {}

 private:
  Activation& activation_;
};

// What `co_await` asks of an awaitable.
template <typename A>
decltype(auto) AwaiterOf(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); }) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    return std::forward<A>(awaitable);
  }
}

// An awaiter that runs others within await_suspend: until that returns whoever awaits it is on the
// stack.
template <typename A>
concept RunsInPlace = requires { typename std::remove_reference_t<A>::RunsInPlace; };

// Any awaiter, and a note of whether the coroutine that awaits it runs.
template <typename A>
struct Tracked {
  Activation& activation;
  A awaiter;

  bool await_ready() { return awaiter.await_ready(); }
  template <typename P>
  auto await_suspend(std::coroutine_handle<P> self) {
    using Result = decltype(awaiter.await_suspend(self));
    if constexpr (RunsInPlace<A>) {
      return awaiter.await_suspend(self) && (activation.Leave(), true);
    } else if constexpr (std::is_void_v<Result> || std::is_same_v<Result, bool>) {
      return activation.Leave() || Suspend<Result>(self);
    } else {
      if (activation.Leave()) return std::coroutine_handle<>(std::noop_coroutine());
      return std::coroutine_handle<>(Suspend<Result>(self));
    }
  }
  decltype(auto) await_resume() {
    activation.Enter();
    return awaiter.await_resume();
  }

 private:
  // It may go on, or be destroyed, within the call; one that throws does not suspend it.
  template <typename Result, typename P>
  auto Suspend(std::coroutine_handle<P> self) try {
    if constexpr (std::is_void_v<Result>) {
      awaiter.await_suspend(self);
      return true;
    } else {
      return awaiter.await_suspend(self);
    }
  } catch (...) {
    activation.Enter();
    throw;
  }
};

}  // namespace monocoque::coro::task_internal

#endif  // MONOCOQUE_ADAPTERS_CORO_ACTIVATION_H_
