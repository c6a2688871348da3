#include "protocol/drive/retry.h"

#include <utility>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

// after ERROR not by itself. X-5, T-2: nor after a violation or with a peer that does not fit.
TEST(RetryTest, ADialerDoesNotComeBackToAPeerThatWouldOnlyRefuseAgain) {
  const RetryRules rules;
  for (Cause cause : {Cause::kPeerRejectedUs, Cause::kPeerViolation, Cause::kPeerIncompatible,
                      Cause::kWeRejectedPeer, Cause::kLocal}) {
    EXPECT_EQ(rules.For(cause), Retry::kNever) << CauseName(cause);
  }
}

// an unexpected close and a deadline are transient.
TEST(RetryTest, ADialerComesBackAfterWhatMayPass) {
  const RetryRules rules;
  for (Cause cause :
       {Cause::kTransport, Cause::kDial, Cause::kTimeout, Cause::kHeartbeat, Cause::kNone}) {
    EXPECT_EQ(rules.For(cause), Retry::kBackoff) << CauseName(cause);
  }
  // The peer may send something smaller next time, but it is not asked for it eagerly.
  EXPECT_EQ(rules.For(Cause::kLimit), Retry::kSlowly);
}

// Each cause has a rule of its own, which counts for no other.
TEST(RetryTest, TheUserDecidesOtherwise) {
  constexpr std::pair<Cause, Retry RetryRules::*> kRules[] = {
      {Cause::kDial, &RetryRules::dial_failed},
      {Cause::kTransport, &RetryRules::transport},
      {Cause::kTimeout, &RetryRules::timeout},
      {Cause::kHeartbeat, &RetryRules::heartbeat},
      {Cause::kLimit, &RetryRules::limit},
      {Cause::kPeerViolation, &RetryRules::peer_violation},
      {Cause::kPeerIncompatible, &RetryRules::peer_incompatible},
      {Cause::kPeerRejectedUs, &RetryRules::peer_rejected_us},
      {Cause::kWeRejectedPeer, &RetryRules::we_rejected_peer},
  };
  const RetryRules defaults;
  for (const auto& [cause, rule] : kRules) {
    for (const Retry chosen : {Retry::kBackoff, Retry::kSlowly, Retry::kNever}) {
      RetryRules rules;
      rules.*rule = chosen;
      for (const auto& [each, other] : kRules) {
        EXPECT_EQ(rules.For(each), each == cause ? chosen : defaults.*other)
            << CauseName(cause) << ", " << CauseName(each);
      }
      EXPECT_EQ(rules.For(Cause::kLocal), Retry::kNever);
      EXPECT_EQ(rules.For(Cause::kNone), rules.transport);
    }
  }
}

}  // namespace
}  // namespace monocoque
