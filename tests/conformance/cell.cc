#include "tests/conformance/cell.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "tests/conformance/record.h"
#include "tests/conformance/sim_host.h"

namespace monocoque::conformance {
namespace {

constexpr std::string_view kCarriers[] = {"tcp", "ipc", "inproc"};

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// A runtime may open descriptors for the whole process with its first loop, and a scenario may have
// one of each.
std::size_t OpenDescriptorsBefore() {
  static std::once_flag each_was_made;
  std::call_once(each_was_made, [] {
    for (const std::string& adapter : AdaptersAndSim()) MakeHost(adapter);
  });
  return OpenDescriptors();
}

bool Means(const Absence& absence, std::string_view adapter, std::string_view carrier) {
  if (!absence.carrier.empty() && absence.carrier != carrier) return false;
  if (absence.adapter == kReal) return adapter != "sim";
  return absence.adapter.empty() || absence.adapter == adapter;
}

}  // namespace

std::unique_ptr<cli::Host> MakeHost(std::string_view adapter) {
  if (adapter == "sim") return std::make_unique<SimHost>();
  return cli::MakeHost(adapter);
}

std::vector<std::string> AdaptersAndSim() {
  std::vector<std::string> all = {"sim"};
  for (std::string_view adapter : testing::AllAdapters()) all.emplace_back(adapter);
  return all;
}

std::vector<Cell> CellsOf(std::string_view suite, const std::vector<Absence>& absences,
                          const std::vector<std::string>& adapters) {
  std::vector<Cell> cells;
  for (const std::string& adapter : adapters) {
    for (std::string_view carrier : kCarriers) {
      bool present = true;
      for (const Absence& absence : absences) {
        if (!present || !Means(absence, adapter, carrier)) continue;
        RecordAbsence(suite, adapter, carrier, absence.why);
        present = false;
      }
      if (present) cells.push_back({adapter, std::string(carrier)});
    }
  }
  return cells;
}

std::string CellName(const ::testing::TestParamInfo<Cell>& cell) {
  return CellName(cell.param.adapter, cell.param.carrier);
}

SocketOptions Eager() {
  SocketOptions options;
  options.link.reconnect.interval = absl::Milliseconds(5);
  options.link.reconnect.max_interval = absl::Milliseconds(20);
  return options;
}

void AllowDescriptors(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_GE(limit.rlim_max, count) << "raise the limit (ulimit -H -n)";
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = count;
  setrlimit(RLIMIT_NOFILE, &limit);
}

ScenarioTest::ScenarioTest() : descriptors_before_(OpenDescriptorsBefore()) {}

ScenarioTest::~ScenarioTest() {
  place_.reset();
  EXPECT_EQ(OpenDescriptors(), descriptors_before_) << "a descriptor is left open";
}

void ScenarioTest::TearDown() {
  EXPECT_TRUE(told_ || HasFailure()) << "it does not say what it did";
}

const std::string& ScenarioTest::place() {
  if (!place_) place_.emplace(cell().carrier, !simulated());
  return place_->endpoint();
}

std::string ScenarioTest::PlacePath() { return place().substr(std::string("ipc://").size()); }

bool ScenarioTest::PlaceHasFile() {
  struct stat info{};
  return lstat(PlacePath().c_str(), &info) == 0;
}

void ScenarioTest::ClearPlace() {
  if (over("ipc")) unlink(PlacePath().c_str());
}

std::string CellTest::Bind(FaceSocket* socket, std::string_view at) {
  const absl::StatusOr<std::string> bound = socket->Bind(at);
  EXPECT_TRUE(bound.ok()) << bound.status();
  return bound.value_or("");
}

void CellTest::Connect(FaceSocket* socket, std::string_view to) {
  EXPECT_EQ(socket->Connect(to), absl::OkStatus());
}

void CellTest::Send(FaceSocket* from, const Parts& parts) {
  Message message = MessageOf(parts);
  EXPECT_EQ(face_.Send(from, &message), absl::OkStatus());
}

Message CellTest::ReceiveMessage(FaceSocket* at) {
  Message message;
  EXPECT_EQ(face_.Receive(at, &message), absl::OkStatus());
  return message;
}

Parts CellTest::Receive(FaceSocket* at) { return PartsOf(ReceiveMessage(at)); }

SocketEvent CellTest::Await(FaceSocket* at, SocketEvent::Kind kind) {
  SocketEvent event;
  EXPECT_TRUE(Until([&] {
    while (at->NextEvent(&event)) {
      if (event.kind == kind) return true;
    }
    return false;
  })) << "never: "
      << SocketEventName(kind);
  return event;
}

void CellTest::AwaitPeers(FaceSocket* at, std::size_t peers) {
  EXPECT_TRUE(Until([&] { return at->core().ready_peers() == peers; }))
      << at->core().ready_peers() << " of " << peers << " peers";
}

absl::Status CellTest::Unbind(FaceSocket* socket, ListenerId listener) {
  absl::Status done;
  socket->Ask([&](Socket* core, Instant now) { done = core->Unbind(listener, now); });
  return done;
}

absl::Status CellTest::Disconnect(FaceSocket* socket, DialerId dialer) {
  absl::Status done;
  socket->Ask([&](Socket* core, Instant now) { done = core->Disconnect(dialer, now); });
  return done;
}

void ScenarioTest::Did(std::string_view outcome) {
  told_ = true;
  if (!HasFailure()) RecordOutcome(cell().adapter, cell().carrier, outcome);
}

}  // namespace monocoque::conformance
