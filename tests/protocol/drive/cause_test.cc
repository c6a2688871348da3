#include "protocol/drive/cause.h"

#include <array>
#include <set>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr std::array<Cause, 11> kAll = {
    Cause::kNone,           Cause::kPeerViolation,  Cause::kPeerIncompatible,
    Cause::kPeerRejectedUs, Cause::kWeRejectedPeer, Cause::kTimeout,
    Cause::kTransport,      Cause::kLimit,          Cause::kLocal,
    Cause::kHeartbeat,      Cause::kDial,
};

TEST(CauseTest, AStatusCarriesItsCauseAndItsSentence) {
  for (const Cause cause : kAll) {
    const absl::Status status = TerminalStatus(cause, "the peer said no; ask it");
    EXPECT_FALSE(status.ok()) << CauseName(cause);
    EXPECT_EQ(CauseOf(status), cause) << CauseName(cause);
    EXPECT_EQ(status.message(), "the peer said no; ask it");
  }
}

TEST(CauseTest, TheCauseTravelsWithCopies) {
  absl::Status copy = TerminalStatus(Cause::kLimit, "too much");
  const absl::Status other = copy;
  copy = absl::OkStatus();
  EXPECT_EQ(CauseOf(other), Cause::kLimit);
  EXPECT_EQ(CauseOf(copy), Cause::kNone);
}

TEST(CauseTest, AStatusFromElsewhereHasNoCause) {
  EXPECT_EQ(CauseOf(absl::OkStatus()), Cause::kNone);
  // The code and the words alone say nothing.
  EXPECT_EQ(CauseOf(absl::DeadlineExceededError("timeout")), Cause::kNone);
  absl::Status foreign = absl::UnavailableError("transport");
  foreign.SetPayload("example.org/cause", absl::Cord("transport"));
  EXPECT_EQ(CauseOf(foreign), Cause::kNone);
}

TEST(CauseTest, EachCauseHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const Cause cause : kAll) {
    EXPECT_FALSE(CauseName(cause).empty());
    names.insert(CauseName(cause));
  }
  EXPECT_EQ(names.size(), kAll.size());
  EXPECT_EQ(CauseName(Cause::kPeerViolation), "peer violation");
  EXPECT_EQ(CauseName(Cause::kTimeout), "timeout");
}

// A caller that knows only absl::Status still learns whether to change something, wait or ask for
// rights.
TEST(CauseTest, CodesSpeakToThoseWhoDoNotAskForCauses) {
  const auto code = [](Cause cause) { return TerminalStatus(cause, "x").code(); };
  EXPECT_EQ(code(Cause::kPeerViolation), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Cause::kPeerIncompatible), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Cause::kPeerRejectedUs), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(Cause::kWeRejectedPeer), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(Cause::kTimeout), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(Cause::kTransport), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(Cause::kLimit), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code(Cause::kLocal), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace monocoque
