#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "protocol/drive/endpoint.h"

namespace monocoque {
namespace {

enum class Use { kBind, kConnect };

// What a user sees who binds or connects, as far as syntax goes.
absl::Status Judge(Use use, std::string_view text) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  return use == Use::kBind ? CheckForBind(*endpoint) : CheckForConnect(*endpoint);
}

// How one recorded line is judged here: its code, and the rule by which we differ from libzmq.
struct Verdict {
  absl::StatusCode code;
  const char* rule;
};

// What this project wants otherwise, or what is no matter of syntax.
const std::map<std::string, Verdict>& Deviations() {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;
  constexpr auto kOk = absl::StatusCode::kOk;
  static const auto* deviations = new std::map<std::string, Verdict>{
      {"bind tcp://127.0.0.1:-1", {kInvalid, "E-4: libzmq cuts to 16 bits"}},
      {"bind tcp://127.0.0.1:70000", {kInvalid, "E-4: libzmq cuts to 16 bits"}},
      {"bind tcp://:*", {kInvalid, "E-2: no host; libzmq looks for an interface without name"}},
      {"connect tcp://127.0.0.1:0", {kInvalid, "E-6"}},
      {"connect tcp://127.0.0.1:5555x", {kInvalid, "E-6"}},
      {"connect tcp://127.0.0.1:99999", {kInvalid, "E-6"}},
      {"connect tcp://:5555", {kInvalid, "E-5: no host"}},
      {"connect ipc://*", {kInvalid, "E-12: libzmq takes * literally"}},
      {"bind6 tcp://[::1%nosuch]:*", {kOk, "E-8: whether a zone exists is the adapter's to find"}},
      {"bind ws://127.0.0.1:*", {kUnimplemented, "not built: ws"}},
      {"bind ws://127.0.0.1:*/chat", {kUnimplemented, "not built: ws"}},
      {"bind ws://*:*", {kUnimplemented, "not built: ws"}},
      {"connect ws://127.0.0.1:5555", {kUnimplemented, "not built: ws"}},
      {"connect ws://127.0.0.1:5555/chat", {kUnimplemented, "not built: ws"}},
      {"connect ws://127.0.0.1", {kUnimplemented, "not built: ws"}},
  };
  return *deviations;
}

absl::StatusCode CodeOf(const std::string& result) {
  static const std::map<std::string, absl::StatusCode> codes = {
      {"EINVAL", absl::StatusCode::kInvalidArgument},
      {"ENAMETOOLONG", absl::StatusCode::kInvalidArgument},
      {"EPROTONOSUPPORT", absl::StatusCode::kUnimplemented},
      {"ENOCOMPATPROTO", absl::StatusCode::kUnimplemented},
  };
  // ENODEV, EADDRNOTAVAIL, ENOENT: good syntax, found out by trying.
  const auto found = codes.find(result);
  return found == codes.end() ? absl::StatusCode::kOk : found->second;
}

// "<200 x 'a'>" stands for so many letters.
std::string Expand(std::string text) {
  const std::size_t open = text.find('<');
  if (open == std::string::npos) return text;
  const std::size_t close = text.find('>', open);
  const auto count = static_cast<std::size_t>(std::stoi(text.substr(open + 1)));
  return text.replace(open, close - open + 1, std::string(count, 'a'));
}

// E-1 to E-17: what libzmq does with each endpoint string, save our own deviations, each named.
TEST(EndpointReplayTest, AgreesWithTheRecordedStrings) {
  constexpr std::size_t kTextColumn = 9;
  constexpr std::size_t kResultColumn = 52;
  std::ifstream in("tests/golden/endpoints.txt");
  ASSERT_TRUE(in.is_open());
  std::set<std::string> deviated;
  int replayed = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string op = line.substr(0, line.find(' '));
    if (op != "bind" && op != "bind6" && op != "connect") continue;
    ASSERT_GT(line.size(), kResultColumn) << line;
    std::string text = line.substr(kTextColumn, kResultColumn - kTextColumn);
    text.erase(text.find_last_not_of(' ') + 1);
    std::string result = line.substr(kResultColumn);
    result = result.substr(0, result.find(' '));
    absl::StatusCode expected = CodeOf(result);
    const char* rule = "as libzmq";
    if (const auto found = Deviations().find(op + " " + text); found != Deviations().end()) {
      ASSERT_NE(found->second.code, expected) << "no deviation: " << line;
      expected = found->second.code;
      rule = found->second.rule;
      deviated.insert(found->first);
    }
    const absl::Status status = Judge(op == "connect" ? Use::kConnect : Use::kBind, Expand(text));
    EXPECT_EQ(status.code(), expected) << line << "\n" << rule << "\n" << status;
    ++replayed;
  }
  EXPECT_EQ(replayed, 77);
  EXPECT_EQ(deviated.size(), Deviations().size());
}

}  // namespace
}  // namespace monocoque
