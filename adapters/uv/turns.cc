#include "adapters/uv/turns.h"

#include <mutex>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "adapters/net/host.h"
#include "adapters/uv/socket_state.h"
#include "alloc/slab_pool.h"

namespace monocoque::uv {
namespace {

// Turns and user code follow each other so often before other handles of the loop are served.
constexpr int kMaxRounds = 8;

// By loop. The lock is for loops on several threads; no turn takes it.
struct Registry {
  std::mutex mutex;
  absl::flat_hash_map<uv_loop_t*, std::weak_ptr<Turns>> turns;
};

Registry& TheRegistry() {
  static auto* const registry = new Registry;
  return *registry;
}

}  // namespace

std::shared_ptr<Turns> Turns::On(uv_loop_t* loop) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  std::weak_ptr<Turns>& known = registry.turns[loop];
  std::shared_ptr<Turns> turns = known.lock();
  if (turns == nullptr) {
    turns.reset(new Turns(loop));
    known = turns;
  }
  return turns;
}

Turns::Turns(uv_loop_t* loop) : loop_(loop), prepare_(this), idle_(this) {
  host_.pool = SlabPool::Create();
  host_.entropy = std::make_shared<net::OsEntropy>();
  uv_prepare_init(loop, prepare_.get());
  uv_idle_init(loop, idle_.get());
}

Turns::~Turns() {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto it = registry.turns.find(loop_);
  if (it != registry.turns.end() && it->second.expired()) registry.turns.erase(it);
}

Host Turns::MakeHost() const {
  Host host = host_;
  host.now = net::Now();
  return host;
}

void Turns::Wake(RotationNode<SocketState>* node) {
  woken_.Add(node);
  if (!turning_) Start();
}

void Turns::CallLater(std::function<void()> what) {
  kept_ = shared_from_this();
  later_.push_back(std::move(what));
  if (!turning_) Start();
}

void Turns::Start() {
  if (started_) return;
  started_ = true;
  uv_prepare_start(prepare_.get(),
                   [](uv_prepare_t* prepare) { static_cast<Turns*>(prepare->data)->RunTurns(); });
  // Looked at before the loop decides how long to wait: while it is active, not at all.
  uv_idle_start(idle_.get(), [](uv_idle_t*) {});
}

// Each woken socket's turn, then its user's callbacks, until nobody is woken any more. User code
// may destroy any socket, and with the last one this object.
void Turns::RunTurns() noexcept {
  const std::shared_ptr<Turns> alive = shared_from_this();
  kept_ = nullptr;
  uv_prepare_stop(prepare_.get());
  uv_idle_stop(idle_.get());
  started_ = false;
  turning_ = true;
  for (const auto& call : std::exchange(later_, {})) call();
  for (int round = 0; round < kMaxRounds && !woken_.empty(); ++round) {
    while (SocketState* state = woken_.Pop()) round_.push_back(state->shared_from_this());
    for (const auto& state : round_) state->Turn();
    for (const auto& state : round_) state->Serve();
    round_.clear();
  }
  turning_ = false;
  if (!woken_.empty() || !later_.empty()) Start();
}

}  // namespace monocoque::uv
